package main

func roadmapSections() []section {
	return []section{
		{1, "Summary"}, {16, "Phase 1: foundation"}, {58, "Phase 2: connections"}, {163, "Phase 3: pipeline"}, {266, "Phase 4: both"}, {325, "Phase 5: on a Zero 2 W"},
		{383, "Phase 6: production"}, {407, "Testing"}, {470, "Rollback"}, {521, "Monitoring"}, {542, "Success criteria"}, {562, "Conclusion"},
	}
}

// phases are the rows of record 004 up to its sixth phase.
func phases() []row {
	const (
		byFlag  = "seconds from a person's word until everything optional is off"
		ofAgent = "packages below ./agent whose tests fail; make test runs all others as well, and counts nothing"
		onlyNew = "There is no older program to be reverted to; the other config slot has what was used before"
	)
	return []row{
		foreign(9, target, "36 hours of work in 6 phases", "it is about the work, not about the program"),
		tested(11, target, "Immediate disable by flag, graceful degradation", "the switch, and what comes then", "agent/web.TestEmergencyOff", "agent.TestLadderWhenTheOptionalPartsGo"),
		held(12, success, "40-80 MB memory reduction", onQuarter, memoryOn, memoryOff, rule{saves, 40, "MB"}).remark(small),
		held(12, success, "150-250 ms latency improvement", timeQuarter, crowdedOn, crowdedOff, rule{saves, 150, "ms"}),
		held(12, success, "20-30 % CPU reduction", "CPU for 1000 requests, 16 connections", busyCPUOn, busyCPUOff, rule{spares, 20, ""}),

		measured(33, gate, "All tests pass in a clean environment", ofAgent, failedPackages, rule{atMost, 0, ""}),
		measured(34, gate, "Memory profiling is operational", "the most memory that the program had, as the kernel counts it", peakLarge, rule{above, 0, "MB"}),
		tested(35, gate, "Flags respond to configuration changes", "files and the API, while it runs", "agent.TestFilesAreFollowed", "agent/web.TestFeaturesAreSwitched"),
		tested(36, gate, "Validation catches all error scenarios", "wrong files, values and variables", "agent/config.TestRefusedFiles", "agent/config.TestRefusedValues", "agent/config.TestRefusedVariables"),
		measured(47, gate, "A memory baseline above 0", "peak memory with everything off", memoryOff, rule{above, 0, "MB"}),
		measured(48, gate, "A latency baseline above 0", "median answer with everything off, one connection", calmOff, rule{above, 0, "ms"}),
		measured(49, gate, "A CPU baseline above 0", "CPU for 1000 requests with everything off", busyCPUOff, rule{above, 0, "ms"}),
		tested(53, threshold, "Trigger: configuration issues", "what cannot be used is passed over at the start", "agent/config.TestStartOnTheLastAcceptedFile"),
		tested(54, gate, "Configuration goes back to what it was", "changes are undone", "agent/config.TestUndoTakesTheNewestBackAgainAndAgain"),
		measured(55, threshold, "Back within 1 minute", byFlag, levelOneAsked, rule{below, 60, "s"}),
		tested(56, gate, "A smoke test confirms that it works", "the real program is asked after each change", "agent.TestScripts"),

		tested(78, gate, "Connections are created and destroyed correctly", "pools grow, shrink, and close", "agent/conn.TestPoolGrowsForThoseWhoWaitAndShrinksAfterwards", "agent/conn.TestConnectionThatIsUsedWhileItsPoolIsClosed"),
		measured(79, threshold, "Memory within 100 MB", "what the pools add to the memory in use", poolsAdd, rule{atMost, 100, "MB"}),
		measured(80, threshold, "Connection reuse above 80 %", "connections found open, recorded household", reuse, rule{above, 80, "%"}),
		tested(81, gate, "Connection failures are handled", "broken ones are replaced", "agent/conn.TestBrokenReaderIsReplaced", "agent/conn.TestNoRequestIsLostWithAConnection"),
		tested(82, gate, "Memory pressure triggers cleanup", "the maximum falls, idle ones are closed", "agent/conn.TestMaximumClosesIdleConnections"),
		tested(93, threshold, "150 at once with a pool of 100", "more at once than the ceiling, with smaller numbers", "agent/conn.TestPoolGrowsForThoseWhoWaitAndShrinksAfterwards", "agent/conn.TestNothingIsLostInACrowd"),
		measured(100, threshold, "Less than 100 MB then", "peak memory of the whole program, 64 connections", peakLarge, rule{below, 100, "MB"}),
		tested(125, gate, "100 % backward compatibility", "all optional parts change no answer", "agent.TestEverythingOptionalChangesNoAnswer"),
		held(126, threshold, "Memory reduction above 40 MB", onQuarter, memoryOn, memoryOff, rule{saves, 40, "MB"}).remark(small),
		held(127, threshold, "Latency improvement above 100 ms", "median of pages drawn from the database, pooling alone", drawnOn, drawnOff, rule{saves, 100, "ms"}),
		tested(128, gate, "No regression in existing functionality", "what older clients ask, and each answer that is described", "agent/web.TestWhatsNext", "agent/web.TestEveryDescribedAnswer"),
		tested(129, gate, "ARM64 tests pass", "the whole image on an emulated board", "scripts/board.TestImage"),
		held(152, threshold, "At least 40 MB less with pooling", onQuarter, memoryOn, memoryOff, rule{saves, 40, "MB"}).remark(small),
		held(153, threshold, "At least 100 ms less with pooling", "median of pages drawn from the database, pooling alone", drawnOn, drawnOff, rule{saves, 100, "ms"}),
		tested(157, threshold, "Trigger: pools above 120 MB", "the sign and its action", "agent.TestActionTable", "scripts/monitoring.TestThresholds"),
		tested(157, threshold, "Trigger: performance regression", "slower than the baseline", "agent.TestActionTable", "agent/pressure.TestRegressionNeedsThreeHours"),
		tested(157, threshold, "Trigger: integration failures", "connections that fail in a row close their pool, not the page", "agent.TestFiveFailuresInARowCloseAPool", "agent/conn.TestConnectionsThatFailWhenUsedAgainOpenTheBreaker"),
		tested(158, gate, "PHASE_2A_CONNECTION_POOLING=false", "the variable", "agent/config.TestOtherNamesOfFeatures", "agent.TestScripts"),
		tested(159, gate, "Fallback to plain connections", "each use opens its own", "agent/conn.TestGateMakesUsesPlain", "agent/conn.TestEachUseOpensItsOwnWithoutPooling"),
		measured(160, threshold, "Off within 30 s", byFlag, levelOneAsked, rule{below, 30, "s"}),
		onBoard(161, gate, "Memory returns to the baseline", "everything off and both on, by turns", "32-together", "hwtest.TestComparisons"),

		measured(183, threshold, "Hit rate above 70 %", "hit rate of a recorded household", hitRate, rule{above, 70, "%"}),
		measured(184, threshold, "Cache memory below 50 MB", "memory of kept pages under a household's load", keptPages, rule{below, 50, "MB"}),
		held(185, threshold, "Batching reduces overhead by more than 15 %", "CPU of 24 different questions at once, batching alone", batchCPUOn, batchCPUOff, rule{spares, 15, ""}).remark(batchingOff),
		tested(186, gate, "Eviction prevents memory exhaustion", "both bounds, and steps of pressure", "agent/page.TestPipelineHoldsBothBounds", "agent/page.TestPipelineEase"),
		tested(187, gate, "Metrics track the cache's effectiveness", "what is counted is told", "agent/web.TestMetricsTellWhatIsCounted"),
		tested(195, threshold, "1000 entries, 300 s", "the defaults", "agent/config.TestReferenceHasTheDefaults"),
		measured(211, threshold, "More than 70 % of the second pass are hits", "hit rate of a recorded household", hitRate, rule{above, 70, "%"}),
		tested(232, gate, "Responses stay compatible", "the same bytes as without", "agent/page.TestPipelineAnswersAsDirectDoes"),
		held(233, threshold, "CPU reduction above 15 %", "CPU for 1000 requests at 16 connections, pipeline alone", pipedCPUOn, pipedCPUOff, rule{spares, 15, ""}),
		measured(234, gate, "Cache memory stays within its budget", "what the pipeline adds to the memory in use", pipelineAdds, rule{atMost, 75, "MB"}),
		held(235, gate, "Batching improves throughput under load", "median answer to 24 different questions at once", batchTimeOn, batchTimeOff, rule{spares, 1, ""}).remark(batchingOff),
		tested(236, gate, "Stability under memory pressure", "a memory hog beside it", "scripts/machine.TestMemoryIsGivenUpBeforeItIsTaken", "scripts/soak.TestCramped"),
		held(256, threshold, "At least 15 % less CPU", "CPU for 1000 requests at 16 connections, pipeline alone", pipedCPUOn, pipedCPUOff, rule{spares, 15, ""}),
		tested(260, threshold, "Trigger: CPU, cache memory, failing requests", "the signs and their actions", "agent.TestActionTable"),
		tested(261, gate, "PHASE_2A_REQUEST_PIPELINE=false", "the variable", "agent/config.TestOtherNamesOfFeatures", "agent.TestScripts"),
		tested(262, gate, "Fallback to direct answers", "the plain path", "agent.TestLadderWhenTheOptionalPartsGo", "agent/page.TestBatchOff"),
		measured(263, threshold, "Off within 30 s", byFlag, levelOneAsked, rule{below, 30, "s"}),
		tested(264, gate, "Requests go on normally", "no request fails meanwhile", "agent.TestLadderWhenTheOptionalPartsGo"),

		tested(274, gate, "Shared resources are managed", "one budget for all parts", "agent/budget.TestTheStrictestWins"),
		tested(275, gate, "Unified monitoring", "one table of figures", "agent/web.TestEveryMetricOfTheTableIsTold"),
		onBoard(284, gate, "Both together achieve all targets", "everything off and both on, by turns", "32-together", "hwtest.TestComparisons"),
		held(285, threshold, "Memory reduction above 60 MB with both", onQuarter, memoryOn, memoryOff, rule{saves, 60, "MB"}).remark(small),
		held(286, threshold, "Latency improvement above 180 ms with both", timeQuarter, crowdedOn, crowdedOff, rule{saves, 180, "ms"}),
		held(287, threshold, "CPU reduction above 20 % with both", "CPU for 1000 requests, 16 connections", busyCPUOn, busyCPUOff, rule{spares, 20, ""}),
		tested(288, gate, "No conflicts of components", "any two signs at once; all parts while they break and mend under load", "agent/budget.TestEveryPairIsAsStrictAsEither", "agent/page.TestLadderUnderLoad"),
		measured(289, gate, "Stability under full load", "wrong or missing answers in hours of load and failures", wrongAnswers, rule{atMost, 0, ""}),
		measured(289, gate, "Stability: nothing grows", "which of memory, goroutines and open files rise beyond their noise in hours of load", rising, rule{atMost, 0, ""}).remark(warming),
		held(313, threshold, "60 MB", onQuarter, memoryOn, memoryOff, rule{saves, 60, "MB"}).remark(small),
		held(314, threshold, "180 ms", timeQuarter, crowdedOn, crowdedOff, rule{saves, 180, "ms"}),
		held(315, threshold, "20 % of CPU", "CPU for 1000 requests, 16 connections", busyCPUOn, busyCPUOff, rule{spares, 20, ""}),
		tested(319, threshold, "Trigger: degradation of both together", "slower than the baseline", "agent/pressure.TestOptionalPartsThatAreTheCauseAreFound", "agent.TestActionTable"),
		tested(320, gate, "Both flags off by the environment", "the variables, and one for all", "agent/config.TestOtherNamesOfFeatures", "agent.TestEmergencyIsToldByFileAndBySetting"),
		tested(321, gate, "Complete reversion to Phase 1A", "with all parts off the same answers come by the plain path", "agent.TestEverythingOptionalChangesNoAnswer", "agent.TestLadderWhenTheOptionalPartsGo").remark("There is no older program to be reverted to"),
		measured(322, threshold, "Full reversion within 60 s", byFlag, levelOneAsked, rule{below, 60, "s"}),
		tested(323, gate, "Stable performance afterwards", "what was switched off is tried again only later", "agent/pressure.TestOptimisationsAreTriedAgainOnlyAfterTheRecovery"),

		onBoard(343, gate, "All optimisations work on ARM64", "both parts, by turns", "32-together", "hwtest.TestComparisons"),
		onBoard(344, gate, "Targets on actual hardware", "as many requests as there can be", "60-load", "hwtest.TestEachStepCanFail"),
		onBoard(345, gate, "Acceptable thermal behaviour", "heat under a household's load, over time", "61-thermal", "hwtest.TestHeatThatStillRises"),
		onBoard(346, gate, "Stability during extended operation", "memory and open files over hours", "62-soak", "hwtest.TestSoakTellsOfWhatGrows"),
		onBoard(347, gate, "Emergency rollback on hardware: level 1", "everything optional off, and on again", "40-level-1", "hwtest.TestEachStepCanFail"),
		onBoard(347, gate, "Emergency rollback on hardware: level 2", "the stable configuration comes back", "81-level-2", "hwtest.TestEachStepCanFail"),
		onBoard(347, gate, "Emergency rollback on hardware: level 3", "the former program comes back", "80-level-3", "hwtest.TestEachStepCanFail"),
		onBoard(356, gate, "The architecture is aarch64", "what the kernel says", "10-board", "hwtest.TestEachStepCanFail"),
		measured(366, threshold, "Started within 10 s", "from exec to the first right answer", firstAnswer, rule{atMost, 10, "s"}),
		tested(377, threshold, "Trigger: thermal problems", "75 and 80 degrees, or throttled", "agent.TestActionTable", "agent/pressure.TestFirmwareTellsThrottling"),
		tested(378, gate, "Emergency shutdown, and revert to Phase 1A", "the switch by a file on the card; the slot of before", "agent.TestEmergencyIsToldByFileAndBySetting", "agent/trial.TestLevels").remark(onlyNew),
		tested(379, gate, "Restart with the flags disabled", "by a file on the card", "agent.TestEmergencyFileCountsWhenItsFolderComesLate", "agent.TestScripts"),
		measured(380, threshold, "2-3 minutes for a full restart", "from asking for a restart until a page is served", restart, rule{atMost, 180, "s"}),
		tested(381, gate, "The system boots with stable performance", "boots of the whole image, also with what is broken", "scripts/board.TestImage"),

		measured(401, gate, "All automated tests pass consistently", ofAgent, failedPackages, rule{atMost, 0, ""}),
		measured(402, gate, "Targets with safety margins", "peak memory of the program: half of its budget", peakLarge, rule{atMost, 100, "MB"}),
		tested(403, gate, "Monitoring captures all key metrics", "all critical ones, and one for each sign", "agent/health.TestCriticalMetricsOfTheRecordsAreCovered", "scripts/monitoring.TestEverySignHasARule"),
		tested(404, gate, "Rollback is tested and documented", "all three levels, power cuts between, and the runbook", "agent/trial.TestLevels", "agent/trial.TestLevelThreeGoesFurther", "scripts/docs.TestEveryCommandIsProved"),
		tested(405, gate, "Deployment artifacts are prepared", "packages, signatures, bills of material", "scripts/release.TestPackageInstallsItsFiles", "scripts/release.TestWordsFromKeysToWithdrawal"),
		tested(54, gate, "Reverting to Phase 1A", "the slot of before", "agent/trial.TestLevels").remark(onlyNew),
	}
}

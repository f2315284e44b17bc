package house

// pressurePromises are the rules of what the program notices about its device, what it does about that by itself, and how it comes
// back. Each row of the table "sign, threshold, action" is proved three times: as a rule over readings, as a budget, and on the whole
// program, where main.TestActionTable causes the sign and sees the action, its record and its end.
func pressurePromises() []promise {
	const table = "main.TestActionTable"
	return []promise{
		// Signs and actions
		{"unit memory: 70, 85 and 95 % of memory.high", []string{table, "pressure.TestRulesOfStanding", "budget.TestEachStepOfEachSignDoesWhatIsPromised", "budget.TestMemoryLimitFallsAndIsBounded"}},
		{"unit memory: what the kernel can drop at once does not count", []string{table, "pressure.TestSensorReadsTheBoard"}},
		{"device memory: more than 400 MB in use", []string{table, "pressure.TestRulesOfStanding", "budget.TestEachStepOfEachSignDoesWhatIsPromised"}},
		{"stalls for memory: 10 and 30 %", []string{table, "pressure.TestRulesOfStanding"}},
		{"processor: 80 % for a minute, and for another", []string{table, "pressure.TestProcessorMustBeBusyForAMinute", "pressure.TestShortBurstsOfTheProcessorAreNoSign", "web.TestClientRate", "feed.TestPaceOfFetches"}},
		{"temperature: 75 and 80 degrees, or throttled", []string{table, "pressure.TestRulesOfStanding", "pressure.TestFirmwareTellsThrottling", "pressure.TestCoolersAndAlarmsTellThrottlingWithoutFirmware"}},
		{"pools: 95 % in use", []string{table, "conn.TestCrowdedPoolOpensTheBreakerAndRecovers"}},
		{"pools: five failures in a row", []string{table, "main.TestFiveFailuresInARowCloseAPool"}},
		{"cache: more than 10 % of its operations fail", []string{table, "main.TestATenthOfTheRequestsClosesThePipeline"}},
		{"cache: 90 % of its memory", []string{table, "page.TestPipelineEase"}},
		{"latency: a warning, then everything optional off", []string{table, "pressure.TestSlowAnswersWarnFirst", "pressure.TestLatencyIsOfTheLastFiveMinutes", "pressure.TestGrowthIsOfWholeHours", "pressure.TestBinsJoin", "pressure.TestQuantilesCanBeCompared", "web.TestServedLeavesOutWhatWaits"}},
		{"regression: 10 % slower than the baseline for three hours, or pools over 120 MB", []string{table, "pressure.TestRegressionNeedsThreeHours", "pressure.TestBaselineIsLearnedFromTheOwnRequestInHoursOfNormalService", "store.TestBaselinesAreOneForEachLine"}},
		{"a baseline of something else is forgotten and learned anew; times that only vary are no growth", []string{"main.TestOutgrownBaselineIsForgotten", "pressure.TestLargerCalendarsAreLearnedAnew", "pressure.TestOptionalPartsThatAreTheCauseAreFound", "pressure.TestDrawingThatOnlyVariesIsNoGrowth", "web.TestServedLeavesOutWhatWaits"}},
		{"errors: more than 5 % in five minutes ask for the other configuration", []string{table, "pressure.TestErrorsAreOfFiveMinutes", "pressure.TestErrorsEndWhenNobodyAsks", "main.TestRollbackThatDoesNotWorkIsTold", "slot.TestRequestsStandUntilTheyAreSettled"}},
		{"trends: what will reach its limit within a day is told", []string{"health.TestTrendsReachTheirLimit", "health.TestNoisePredictsNothing", "health.TestTrendsArePredictedProblems"}},
		{"rising is immediate, falling needs slack", []string{"pressure.TestRisingIsImmediateAndFallingNeedsSlack", "pressure.TestLevelIsTheWorstOfAllSigns"}},
		{"what was switched off is tried again after a settable period", []string{table, "pressure.TestOptimisationsAreTriedAgainOnlyAfterTheRecovery"}},
		{"each action is kept with the reading that caused it", []string{table, "budget.TestActionsBeginAndEnd", "store.TestActionsSurviveARestart", "store.TestActionsThatLastAreToldFirst", "budget.TestWordsAreOfTheSignItself", "store.TestActionsAreBounded", "store.TestFlappingSignSparesTheCard"}},

		// What is read
		{"fixtures calm, tight, critical and what is missing", []string{"pressure.TestFixturesAreJudgedAsTheyAreNamed", "pressure.TestNothingThereIsNamedAndNoError"}},
		{"the kernel wakes the program where it can", []string{"pressure.TestTriggerMakesTheMonitorReadAtOnce", "pressure.TestMonitorSaysWhenNothingWakesIt", "pressure.TestTriggerOfThisKernel", "main.TestScarcityIsNoticedByTheRunningProgram"}},
		{"a day of history in memory, a roll-up of each day on the disk", []string{"pressure.TestHistoryIsADayOfMinutes", "pressure.TestDaysAreKept", "main.TestDaysOfAClockThatWasWrongAreDropped", "store.TestPartsOfADayAreTakenTogether", "store.TestDaysAreBounded"}},

		// Standing through it
		{"a small control group with a memory hog: it steps down, answers, steps up, and is never killed", []string{"main.TestCramped", "main.TestHogHoldsWhatItIsTold"}},
		{"hours of trouble: memory, goroutines and files stay flat, and every request is answered", []string{"main.TestTwoMinutes", "main.TestFlatOrNot", "main.TestFit", "main.TestInterruptedEarly"}},
		{"the clock of a device without a battery, and its jumps", []string{"clock.TestBootWithoutTheTime", "clock.TestJumpIsFoundWhileTheClockIsTrusted", "feed.TestNoCertificateIsJudgedByATimeThatIsNotKnown", "feed.TestJumpsOfTheClock", "main.TestTwoMinutes"}},
		{"the watchdog is told only while nobody is late", []string{"run.TestWatchdogIsToldWhileNobodyIsLate", "health.TestLoopsThatDoNotGoRoundAreLate", "main.TestOwnPageBeatsWhileThePageIsAnswered"}},
		{"a program that is never ready, or hangs, is given up and asked to go back from, by a real systemd", []string{"machine.TestGivenUp"}},
	}
}

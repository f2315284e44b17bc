package house

// optimiserPromises are the knobs, flags and rules of what makes the program fast and keeps it standing.
func optimiserPromises() []promise {
	return []promise{
		// Connections
		{"http.max_conns and per_host: 8 and 2, ceilings 100 and 30", []string{"config.TestReferenceHasTheDefaults", "config.TestRefusedValues", "conn.TestSizesOfTheClientAreBounded"}},
		{"http timeouts: idle, connect, header, total", []string{"config.TestReferenceHasTheDefaults", "config.TestRefusedValues", "conn.TestRequestsUnderWayOutliveTheirSettings", "feed.TestFailures"}},
		{"db.readers: 3 beside one writer, ceiling 10", []string{"config.TestRefusedValues", "conn.TestReadersAreBounded", "conn.TestReadersAreSetWhileRunning"}},
		{"sizing: grows with waiters up to the ceiling, shrinks at rest", []string{"conn.TestSizeFollowsTheLoad", "conn.TestPoolGrowsForThoseWhoWaitAndShrinksAfterwards", "conn.TestReadersGrowWithWaitersAndShrink"}},
		{"sizing: shrinks when somebody outside says so", []string{"conn.TestMaximumFromOutside", "conn.TestMaximumClosesIdleConnections"}},
		{"reuse over 80 % in normal work", []string{"conn.TestReadersAreUsedAgainInNormalWork", "conn.TestConnectionsAreUsedAgainInNormalWork", "store.TestReadersOfPagesAreUsedAgain"}},
		{"utilisation, waiters, wait time, opens, closes, leaks as metrics", []string{"web.TestMetricsTellWhatIsCounted"}},
		{"a connection held too long is reported with where it was taken", []string{"conn.TestLeakIsToldOnceWithItsPlace", "conn.TestLeakOfADatabaseConnectionIsToldWithItsPlace", "conn.TestLeakOfAnAnswerIsToldWithItsPlace"}},
		{"health check on take after idling; a broken one is replaced", []string{"conn.TestBrokenReaderIsReplaced", "conn.TestConnectionThatTheServerClosedIsReplaced", "conn.TestConnectionIsLookedAtBeforeItIsUsedAgain"}},
		{"resident memory of both pools is measured", []string{"conn.TestMemoryOfReaders", "conn.TestMemoryOfIdleConnections"}},
		{"addresses of the LAN need leave, after DNS, at every hop", []string{"conn.TestOnlyThePublicInternetIsAllowed", "conn.TestAddressIsCheckedAfterDNS", "conn.TestNobodyOnTheInternetSendsUsHome"}},
		{"utilisation above 95 %: grow, else plain connections", []string{"conn.TestCrowdedPoolOpensTheBreakerAndRecovers", "conn.TestPoolGrowsForThoseWhoWaitAndShrinksAfterwards"}},
		{"five failures in a row: plain connections", []string{"main.TestFiveFailuresInARowCloseAPool", "conn.TestConnectionsThatFailWhenUsedAgainOpenTheBreaker", "conn.TestOpeningThatFailsOpensTheBreaker"}},

		// Pipeline
		{"cache.ttl is a ceiling; the real one ends when the picture changes", []string{"page.TestPipelineTTLIsACeiling", "page.TestPipelineKeepsUntilThePictureChanges", "page.TestPagesHoldUntilTheyChange"}},
		{"cache.max_entries and max_bytes, really weighed", []string{"page.TestPipelineHoldsBothBounds", "page.TestPipelineBytesAreReal", "config.TestRefusedValues"}},
		{"cache.max_entry_bytes", []string{"page.TestPipelineLargestPageIsKept", "page.TestPipelineKeepsOnlyGoodPages"}},
		{"batch.size and window are caps; the first goes at once", []string{"page.TestBatchNeverDelaysALoneOne", "page.TestBatchGathersWhileOneRuns", "page.TestBatchSizeAndWindowAreCaps"}},
		{"keys are typed values with the generation", []string{"page.TestPipelineKeysTellQueriesApart", "page.TestPipelineGenerationIsPartOfTheKey"}},
		{"the same request in flight is joined; one who leaves fails nobody", []string{"page.TestPipelineJoinsThoseWhoAskTheSame", "page.TestBatchOneWhoLeavesFailsNobody"}},
		{"errors are never kept as success", []string{"page.TestPipelineKeepsOnlyGoodPages", "page.TestPipelineErrorsAndPanicsReachAllWhoWait"}},
		{"warm after start, after a change, before the picture changes, not under pressure", []string{"page.TestWarmAfterStart", "page.TestWarmAfterAChange", "page.TestWarmBeforeThePictureChanges", "page.TestNothingIsWarmedUnderPressure"}},
		{"70 % oldest, 85 % half, 95 % all", []string{"page.TestStepAt", "page.TestPipelineEase"}},
		{"thrash makes size or TTL adapt", []string{"page.TestAdapt", "page.TestAdaptNeverLeavesItsBounds", "page.TestAdaptiveSizeFollowsThrash"}},
		{"cache operations failing above 10 %: plain drawing", []string{"main.TestATenthOfTheRequestsClosesThePipeline", "guard.TestBreakerOpensAboveARatio", "page.TestLadderTellsTheGateItsOwnFaults"}},
		{"compressed variants and ETags are part of what is kept", []string{"page.TestVariantIsMadeFromTheKeptPage", "page.TestVariantOnlyWhereItIsOfUse"}},
		{"the same bytes with everything on and everything off", []string{"page.TestPipelineAnswersAsDirectDoes", "main.TestEverythingOptionalChangesNoAnswer"}},

		// Flags and gates
		{"each feature: what it does, default, since, remove when", []string{"feature.TestEveryFeatureIsDescribed", "config.TestEveryFeatureHasASetting"}},
		{"an unknown feature is an error", []string{"feature.TestUnknownFeatureIsAnErrorThatHelps", "main.TestScripts: features.txtar"}},
		{"the same device, the same answer", []string{"feature.TestOnIsTheSameEachTime", "feature.TestPlaceStaysAsItIs"}},
		{"raising the percentage only adds devices", []string{"feature.TestRaisingThePercentageOnlyAddsDevices", "feature.TestDevicesAreSpreadEvenly"}},
		{"two features are independent", []string{"feature.TestFeaturesAreIndependent"}},
		{"steps by name or any number; forced wins", []string{"feature.TestParseReadsStepsPercentagesAndForce", "guard.TestForceAnswersThePercentageAlone"}},
		{"gate order; the answer says why and is counted", []string{"guard.TestQuestionsAreAskedInOrder"}},
		{"breakers recover half-open after a settable period", []string{"guard.TestBreakerRecovers", "guard.TestRecoveryIsSettable"}},
		{"emergency-off by API and command, by file, by environment", []string{"main.TestScripts: emergency.txtar", "main.TestEmergencyIsToldByFileAndBySetting"}},
		{"connection_pooling off", []string{"conn.TestEachUseOpensItsOwnWithoutPooling", "conn.TestEachRequestOpensItsOwnWithoutPooling"}},
		{"request_pipeline off: plain answers, the same bytes", []string{"main.TestEverythingOptionalChangesNoAnswer", "page.TestLadderTellsTheGateItsOwnFaults", "web.TestFeaturesAreSwitched"}},
		{"request_batching off", []string{"page.TestBatchOff"}},
		{"cache_warming off", []string{"page.TestWarmOff"}},
		{"adaptive_sizing off", []string{"conn.TestSizeIsFixedWithoutSizingByLoad", "page.TestAdaptiveSizeFollowsThrash"}},
		{"http_compression off", []string{"page.TestVariantOnlyWhereItIsOfUse"}},

		// Configuration
		{"runtime over flags, environment, file, defaults; every value knows its layer", []string{"config.TestEachLayerCoversTheOneBelow", "config.TestSet"}},
		{"PHASE_2A_CONNECTION_POOLING, PHASE_2A_REQUEST_PIPELINE", []string{"config.TestOtherNamesOfFeatures", "config.TestOtherNamesNeverWin", "main.TestScripts: features.txtar"}},
		{"a bad value is refused with file, line, key and what is allowed", []string{"config.TestRefusedFiles", "config.TestEveryProblemIsNamed"}},
		{"reload whole or not at all: SIGHUP, file change, API", []string{"config.TestReloadIsWholeOrNotAtAll", "main.TestFileIsReadAgainAtSIGHUP", "main.TestFilesAreFollowed", "main.TestScripts: reload.txtar"}},
		{"RELOADING and READY are told", []string{"run.TestReloadIsTold", "run.TestReloadsAreToldOneAfterTheOther"}},
		{"what needs a restart says so", []string{"config.TestPendingUntilTheNextStart", "main.TestScripts: config.txtar"}},
		{"audit log with undo, secrets masked, kept", []string{"config.TestUndoTakesTheNewestBackAgainAndAgain", "config.TestNote", "config.TestShownChangeHasNoSecrets", "store.TestArchiveSurvivesARestart", "main.TestScripts: config.txtar"}},
		{"invalid at start: the last accepted one", []string{"config.TestStartOnTheLastAcceptedFile", "main.TestScripts: reload.txtar"}},

		// Ladder
		{"optimised, plain, last good, foot: each by breaking the one above", []string{"page.TestLadderStepsDown", "page.TestLadderOverABrokenDatabase", "page.TestLadderWithoutMemory"}},
		{"under load nothing is lost and nothing answered 5xx", []string{"page.TestLadderUnderLoad", "main.TestLadderWhenTheOptionalPartsGo", "main.TestLadderWhileTheConfigurationChanges", "main.TestLadderWhenTheDatabaseBreaks"}},
		{"the disk is asked at most once", []string{"page.TestLadderOverABrokenDatabase"}},
		{"the last good pages outlive a restart, bounded", []string{"page.TestMemoryOutlivesARestart", "page.TestMemoryFolderIsBounded", "page.TestMemoryWritesSeldom"}},
		{"what a screen shows keeps its room among them", []string{"page.TestMemoryKeepsWhatAScreenShows", "page.TestMemorySavesWithoutLosingOthers"}},
		{"a disk that cannot be written is shown all the same", []string{"main.TestReadOnlyDisk", "main.TestReadOnlyDiskWithoutDatabase", "store.TestReadOnlyDiskIsShownAndRefusesChanges"}},

		// Writes
		{"writes need PIN or token, argon2id, one at a time", []string{"web.TestHash", "web.TestOneComparisonAtATime", "web.TestSecretsAreKeptAsHashes"}},
		{"tries are limited, and lock out nobody else", []string{"web.TestTriesOfOneAddress", "web.TestTriesOfTheDeviceItself", "web.TestOthersDoNotLockOut"}},
		{"sessions end, forms carry a token, other sites change nothing", []string{"web.TestSessionsEnd", "web.TestSessionsDoNotReviveWithAnOldPIN", "web.TestSettingsPage", "web.TestOtherSitesChangeNothing"}},
		{"the local socket knows who asks", []string{"web.TestLocalSocket", "web.TestPeers"}},

		// Watching
		{"every metric is told, documented and well formed", []string{"web.TestEveryMetricOfTheTableIsTold", "web.TestMetricNamesFollowTheConventions", "monitoring.TestMetricsFollowTheConventions"}},
		{"alert rules have the thresholds, and fire", []string{"monitoring.TestThresholds", "monitoring.TestRulesFireWhenTheyShould"}},
		{"rules and dashboard ask for what is told", []string{"monitoring.TestEveryFigureThatIsAskedForIsTold", "monitoring.TestDashboardCanBeImported"}},
	}
}

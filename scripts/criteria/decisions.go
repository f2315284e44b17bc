package main

func decisionSections() []section {
	return []section{
		{1, "1 Summary"}, {31, "2.1 Connection pools"}, {107, "2.2 Pipeline and cache"}, {194, "2.3 Integration"}, {276, "2.4 Configuration"}, {356, "2.5 Platform"},
		{438, "2.6 Errors and resilience"}, {553, "4 Trade-offs"}, {582, "5 Success criteria"}, {625, "6 Readiness"},
	}
}

// Words that several rows have.
const (
	onQuarter   = "peak memory with a quarter of a processor, 64 connections"
	timeQuarter = "median answer with a quarter of a processor, 64 connections"
	timeCalm    = "median answer, one connection"
	small       = "The whole program takes less than is to be saved."
	warming     = "Memory comes to its level in the first hour; ARCHITECTURE.md has the second one"
	batchingOff = "It is off by default: drawings come one at a time, so nobody shares a question"
)

// decisions are the rows of record 000, up to its fourth decision.
func decisions() []row {
	return []row{
		measured(15, target, "All design decisions prioritise the 512 MB constraint", "memory in use on the device, all of it", boardMemory, rule{atMost, 512, "MB"}),
		tested(16, target, "Zero breaking changes to existing functionality", "what older clients ask; all optional parts change no answer", "agent/web.TestWhatsNext", "agent/web.TestSkipAndClear", "agent.TestEverythingOptionalChangesNoAnswer"),
		tested(17, target, "Automatic fallback to legacy behaviour on component failures", "each rung of the ladder is broken", "agent/page.TestLadderStepsDown", "agent.TestLadderWhenTheOptionalPartsGo"),
		measured(18, target, "Conservative resource usage", "peak memory of the program under load, 10,000 events", peakLarge, rule{atMost, 200, "MB"}),
		tested(19, target, "Feature flags, monitoring, and emergency shutdown", "flags, figures and the emergency switch of the running program", "agent/web.TestFeaturesAreSwitched", "agent/web.TestEveryMetricOfTheTableIsTold", "agent.TestEmergencyIsToldByFileAndBySetting"),
		held(25, target, "50 % memory reduction: ~40-80 MB in total", onQuarter, memoryOn, memoryOff, rule{saves, 40, "MB"}).remark(small),
		held(26, target, "150 ms response time improvement", timeQuarter, crowdedOn, crowdedOff, rule{saves, 150, "ms"}),
		held(27, target, "20 % CPU reduction", "CPU for 1000 requests, 16 connections", busyCPUOn, busyCPUOff, rule{spares, 20, ""}),

		held(40, target, "30-50 MB of repeated connections are avoided", onQuarter, memoryOn, memoryOff, rule{saves, 30, "MB"}).remark(small),
		held(41, target, "50-150 ms per request of connection establishment are avoided", "median of pages drawn from the database, pooling alone", drawnOn, drawnOff, rule{saves, 50, "ms"}),
		tested(42, target, "No resource exhaustion under concurrent load", "more at once than there are connections", "agent/conn.TestPoolGrowsForThoseWhoWaitAndShrinksAfterwards", "agent/conn.TestNothingIsLostInACrowd"),
		tested(48, target, "HTTP connection pool", "connections are found open again", "agent/conn.TestConnectionIsUsedAgain"),
		tested(49, target, "Database connection pool", "connections are found open again", "agent/conn.TestReadersAreUsedAgainInNormalWork"),
		foreign(50, target, "Shared event loop: no event loop per request", "Go has one scheduler for the whole program; there is no event loop to share"),
		tested(67, threshold, "HTTP pool size 100", "it is the ceiling of a setting; the default is 8", "agent/config.TestRefusedValues", "agent/conn.TestSizesOfTheClientAreBounded"),
		tested(68, threshold, "30 connections per host", "it is the ceiling of a setting; the default is 2", "agent/config.TestRefusedValues", "agent/conn.TestSizesOfTheClientAreBounded"),
		tested(69, threshold, "Database pool size 10", "it is the ceiling of a setting; the default is 3 readers and a writer", "agent/config.TestRefusedValues", "agent/conn.TestReadersAreBounded"),
		held(92, target, "30-50 MB memory reduction from connection reuse", onQuarter, memoryOn, memoryOff, rule{saves, 30, "MB"}).remark(small),
		held(93, target, "50-150 ms latency reduction per request", "median of pages drawn from the database, pooling alone", drawnOn, drawnOff, rule{saves, 50, "ms"}),
		held(94, target, "Better resource utilisation under load", "CPU for 1000 pages drawn from the database, pooling alone", drawnCPUOn, drawnCPUOff, rule{spares, 1, ""}),
		measured(95, target, "Improved system stability", "wrong or missing answers in hours of failures, reloads, clock jumps and pressure", wrongAnswers, rule{atMost, 0, ""}),
		tested(99, gate, "Connection leaks are detected", "one held too long is told, with where it was taken", "agent/conn.TestLeakIsToldOnceWithItsPlace", "agent/conn.TestLeakOfADatabaseConnectionIsToldWithItsPlace"),
		measured(100, threshold, "Pool maintenance takes ~5-10 MB", "what the pools add to the memory in use", poolsAdd, rule{atMost, 10, "MB"}),
		tested(103, gate, "Leak detection and cleanup", "transactions and answers that were left open", "agent/conn.TestLeakOfAnAnswerIsToldWithItsPlace", "agent/conn.TestTransactionThatWasLeftOpenIsNotHandedOn"),
		tested(104, gate, "Conservative sizing with automatic eviction", "size by load, back at rest and under pressure", "agent/conn.TestSizeFollowsTheLoad", "agent/conn.TestMaximumClosesIdleConnections"),
		tested(105, gate, "Error handling and fallback", "breakers to plain connections", "agent/conn.TestConnectionsThatFailWhenUsedAgainOpenTheBreaker", "agent/conn.TestGateMakesUsesPlain"),

		tested(124, target, "Response cache with a TTL of 5 minutes and intelligent keys", "kept pages end at the TTL, or when the picture changes; keys never collide", "agent/page.TestPipelineTTLIsACeiling", "agent/page.TestPipelineKeysTellQueriesApart"),
		tested(125, target, "Batching of similar requests, 50 ms", "the first goes at once, those of meanwhile together", "agent/page.TestBatchGathersWhileOneRuns", "agent/page.TestBatchSizeAndWindowAreCaps"),
		tested(126, target, "Eviction by memory pressure", "steps of pressure", "agent/page.TestPipelineEase"),
		tested(127, target, "Duplicate concurrent requests are eliminated", "the same at the same time is drawn once", "agent/page.TestPipelineJoinsThoseWhoAskTheSame"),
		tested(132, target, "Predictable time-based invalidation", "how long each page holds", "agent/page.TestPagesHoldUntilTheyChange"),
		tested(134, target, "No unbounded cache growth", "both bounds, with bytes really weighed", "agent/page.TestPipelineHoldsBothBounds"),
		tested(138, threshold, "Cache TTL 300 s", "the default", "agent/config.TestReferenceHasTheDefaults", "agent/page.TestPipelineTTLIsACeiling"),
		tested(139, threshold, "At most 1000 entries", "the default, and what holds it", "agent/config.TestReferenceHasTheDefaults", "agent/page.TestPipelineHoldsBothBounds"),
		measured(140, threshold, "Cache memory limit 50 MB", "memory of kept pages under a household's load; 50 MB is the ceiling of the setting", keptPages, rule{atMost, 50, "MB"}),
		held(144, target, "Batching reduces processing overhead by ~20-30 %", "CPU of 24 different questions at once, batching alone", batchCPUOn, batchCPUOff, rule{spares, 20, ""}).remark(batchingOff),
		held(145, target, "Batching optimises database queries", "queries of 24 different questions at once", queriesOn, queriesOff, rule{spares, 1, ""}).remark(batchingOff),
		held(146, target, "Better utilisation under burst loads", "median answer to 24 different questions at once", batchTimeOn, batchTimeOff, rule{spares, 1, ""}).remark(batchingOff),
		tested(150, threshold, "Batch size 10", "the default, and a cap", "agent/config.TestReferenceHasTheDefaults", "agent/page.TestBatchSizeAndWindowAreCaps"),
		tested(151, threshold, "Batch timeout 50 ms", "a cap; one request alone never waits", "agent/page.TestBatchSizeAndWindowAreCaps", "agent/page.TestBatchNeverDelaysALoneOne"),
		measured(179, target, "70 %+ cache hit rate", "hit rate of a recorded household", hitRate, rule{atLeast, 70, "%"}),
		held(180, target, "100 ms average improvement for cached responses", "median answer at 16 connections, pipeline alone", pipedOn, pipedOff, rule{saves, 100, "ms"}),
		held(181, target, "20 % CPU reduction for repeated operations", "CPU for 1000 requests at 16 connections, pipeline alone", pipedCPUOn, pipedCPUOff, rule{spares, 20, ""}),
		held(182, target, "Better responsiveness under load", "slowest of a hundred answers with a quarter of a processor", latestOn, latestOff, rule{spares, 1, ""}),
		measured(186, threshold, "Cache storage takes ~25-50 MB", "memory of kept pages under a household's load", keptPages, rule{atMost, 50, "MB"}),
		tested(187, gate, "No stale data by a long TTL", "a page holds until its picture changes; its age is told", "agent/page.TestPipelineKeepsUntilThePictureChanges", "agent/page.TestPageTellsTheAgeOfItsEvents"),
		tested(190, gate, "Manual invalidation", "the cache is emptied by a person", "agent/page.TestPipelineDrop", "agent/web.TestCacheAndPools"),
		tested(191, gate, "Automatic clearing by memory pressure", "scarcity on the whole program", "agent.TestActionTable"),
		tested(192, gate, "Selective caching", "errors and writes are never kept", "agent/page.TestPipelineKeepsOnlyGoodPages"),

		tested(207, target, "Optional optimisation components", "everything on and everything off answer the same", "agent.TestEverythingOptionalChangesNoAnswer"),
		tested(208, target, "Requests go through the pipeline or the plain path", "the same bytes by both", "agent/page.TestPipelineAnswersAsDirectDoes"),
		tested(209, target, "Automatic fallback on component failures", "a pipeline that fails is closed", "agent.TestATenthOfTheRequestsClosesThePipeline"),
		tested(210, target, "Runtime enable and disable", "parts are switched while it runs", "agent/web.TestFeaturesAreSwitched"),
		tested(217, target, "No regressions by the optimisations", "thousands of questions, on and off", "agent.TestEverythingOptionalChangesNoAnswer"),
		tested(239, gate, "No changes to existing API endpoints", "every route is in the contract, and each answer is as described", "agent/web.TestContractNamesEveryRoute", "agent/web.TestEveryDescribedAnswer"),
		tested(261, gate, "Zero breaking changes", "what older clients ask, and each answer that is described", "agent/web.TestWhatsNext", "agent/web.TestEveryDescribedAnswer"),
		tested(262, gate, "Safe rollout with automatic fallback", "more and more devices, and the way back", "agent/feature.TestRaisingThePercentageOnlyAddsDevices", "agent.TestLadderWhenTheOptionalPartsGo"),
		tested(263, gate, "Easy enable and disable", "by command, page and API", "agent.TestScripts", "agent/web.TestFeaturesAreSwitched"),
		tested(272, gate, "Integration tests of both paths", "the same bytes by both", "agent.TestEverythingOptionalChangesNoAnswer", "agent/page.TestPipelineAnswersAsDirectDoes"),
		tested(273, gate, "Clear separation of both paths", "imports follow an order", "agent/house.TestImportsGoUpTheOrder"),
		tested(274, gate, "Fallback mechanisms", "every way in which a calendar fails, and what happens to the database", "agent.TestFailureTable", "agent.TestLadderWhenTheDatabaseBreaks"),

		tested(293, target, "Environment over files over defaults", "each layer covers the one below", "agent/config.TestEachLayerCoversTheOneBelow"),
		tested(294, target, "Hash-based rollout with percentages", "spread over devices", "agent/feature.TestDevicesAreSpreadEvenly", "agent/feature.TestOnIsTheSameEachTime"),
		tested(295, target, "Hot reload without restart", "files and signals, while requests come", "agent.TestFilesAreFollowed", "agent.TestFileIsReadAgainAtSIGHUP"),
		tested(296, target, "Immediate disable by API or environment", "the emergency switch", "agent/web.TestEmergencyOff", "agent.TestEmergencyIsToldByFileAndBySetting"),
		tested(302, gate, "Runtime API over environment over files over defaults", "who said each value", "agent/config.TestEachLayerCoversTheOneBelow", "agent/config.TestSet"),
		tested(309, gate, "Safe defaults", "the defaults are allowed, and are those of the reference", "agent/config.TestDefaultsAreAllowed"),
		tested(312, gate, "The same user always gets the same flags", "the same device, the same answer", "agent/feature.TestPlaceStaysAsItIs"),
		tested(313, threshold, "0, 5, 25, 75, 100 %", "the steps have names", "agent/feature.TestParseReadsStepsPercentagesAndForce"),
		tested(314, gate, "Independent rollout of each component", "two features", "agent/feature.TestFeaturesAreIndependent"),
		tested(318, gate, "No service disruption during changes", "changes under load", "agent.TestLadderWhileTheConfigurationChanges"),
		tested(342, gate, "Platform tuning without code changes", "every setting is in the reference, and has a variable", "agent/config.TestReferenceListsEveryKey", "agent/config.TestEverySettingHasAVariable"),
		tested(343, gate, "Hot reload without interruption", "requests during reloads", "agent.TestLadderWhileTheConfigurationChanges"),
		foreign(344, target, "A/B testing", "a household has one device; both paths are compared by hwtest, by turns"),
		tested(352, gate, "Configuration validation with safe defaults", "wrong files, values and variables", "agent/config.TestRefusedFiles", "agent/config.TestStartOnTheLastAcceptedFile"),
		tested(353, gate, "Audit log and rollback of changes", "each change is kept and undone", "agent/config.TestUndoTakesTheNewestBackAgainAndAgain", "agent/store.TestArchiveSurvivesARestart"),
		tested(354, gate, "Automated configuration testing", "files that are taken and files that are refused", "agent/config.TestAcceptedFiles", "agent/config.TestRefusedFiles"),
	}
}

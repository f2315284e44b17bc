package docs

// proof says of a command, known by its first words, which tests run it, or run all that it does; or why only a board can prove it.
// Words of calendarbot that a script of agent/testdata runs are not here: that is looked up. Neither is "go test", which is one.
type proof struct {
	command string
	tests   []string // "folder.Test", or "folder.Test: words that are in it"
	board   string
	dry     string // why dryRun, which it has among its tests then, has it say what it would do and does not have it done
}

// dryRun is the test that reads what a target of the Makefile would do.
const dryRun = "scripts/docs.TestMakeSaysWhatItWouldDo"

// proofs is the table.
func proofs() []proof {
	const (
		network = "it goes over a house's network to a board; what it reaches there is tested in the emulated board"
		person  = "a person decides in an editor; what comes of it is tested"
		ofBoard = "it reads what systemd and the kernel of a board say, which is of the board; hwtest reads the same"
	)
	return append([]proof{
		{command: "calendarbot update", tests: []string{"agent.TestUpdateBecomesTheUpdater", "agent/updater.TestApplyHasTheProgramTried", "agent/updater.TestCheckTellsWhatThereIs"}},
		{command: "calendarbot-update run", tests: []string{"agent/updater.TestRunKeepsTheHours", "agent/updater.TestOrdersAreCarriedOut"}},

		{command: "calendarbot slots system back", tests: []string{"agent/trial.TestOrdersAtOnce", "agent/trial.TestOrders: to the other system"}},

		{command: "release keys", tests: []string{"scripts/release.TestWordsFromKeysToWithdrawal: keys"}},
		{command: "release publish", tests: []string{"scripts/release.TestWordsFromKeysToWithdrawal: publish"}},
		{command: "release withdraw", tests: []string{"scripts/release.TestWordsFromKeysToWithdrawal: withdraw"}},
		{command: "release refresh", tests: []string{"scripts/release.TestWordsFromKeysToWithdrawal: refresh"}},
		{command: "release show", tests: []string{"scripts/release.TestWordsFromKeysToWithdrawal: show"}},
		{command: "release rotate", tests: []string{"scripts/release.TestRootIsSignedInTwoPlaces: rotate"}},
		{command: "release sign", tests: []string{"scripts/release.TestRootIsSignedInTwoPlaces: sign"}},
		{command: "release land", tests: []string{"scripts/release.TestRootIsSignedInTwoPlaces: land"}},
		{command: "release renew", tests: []string{"scripts/release.TestWordsFromKeysToWithdrawal: renew"}},

		{command: "hwtest/run", tests: []string{"hwtest.TestScript", "hwtest.TestScriptCopies", "hwtest.TestStepsTellWhatIsBroken"}},
		{command: "hwtest/run calendarbot.local --quick", tests: []string{"scripts/board.TestHardwareTest: --quick"}},
		{command: "hwtest/run calendarbot.local --panic", tests: []string{"scripts/board.TestHardwareTest: 90-panic"}},
		{command: "hwtest/run calendarbot.local --list", tests: []string{"hwtest.TestScript: --list", "hwtest.TestCommandIsUnderstood: --list"}},
		{command: "hwtest/run calendarbot.local --restore", tests: []string{"hwtest.TestPowerCutInTheMiddle: --restore"}},
		{command: "hwtest/run calendarbot.local --rollback --wireless", board: "it is about a board's radio, and takes an hour; what each step judges, and how a run goes on after a restart, is tested in hwtest"},
		{command: "hwtest/run calendarbot.local --soak", board: "it takes a day; the step's rules are tested in hwtest"},
		{command: "calendarbot-hwtest", tests: []string{"scripts/board.TestHardwareTest", "hwtest.TestCommandIsUnderstood", "hwtest.TestStepsTellWhatIsBroken"}},

		{command: "scripts/flash --list", tests: []string{"scripts.TestFlashListsCards"}},
		{command: "scripts/flash", tests: []string{"scripts.TestFlashWritesTheImageAndReadsItBack", "scripts.TestFlashPutsSettingsOnTheCard"}},

		{command: "apt install", tests: []string{"scripts/release.TestPackageTellsSystemd", "scripts/release.TestPackageInstallsItsFiles"}},
		{command: "apt remove", tests: []string{"scripts/release.TestPackageTellsSystemd", "scripts/release.TestPackageLeavesWhatIsThePersons"}},
		{command: "apt purge", tests: []string{"scripts/release.TestPackageIsPurgedAtOnce"}},
		{command: "install -m 640 -g calendarbot", tests: []string{"agent/config.TestReferenceHasTheDefaults", "scripts/release.TestPackageMakesTheAgentsUser"}},
		{command: "sudoedit", board: person},
		{command: "systemctl edit", board: person},
		{command: "systemctl reload", tests: []string{"scripts/machine.TestService", "agent/config.TestReload"}},
		{command: "systemctl restart calendarbot", tests: []string{"scripts/machine.TestService"}},
		{command: "systemctl status calendarbot", tests: []string{"scripts/machine.TestService", "scripts/board.TestImage"}},
		{command: "systemctl status calendarbot-update.timer", tests: []string{"scripts/board.TestImage", "scripts.TestUnitsAreValid"}},
		{command: "systemd-analyze blame", board: ofBoard},
		{command: "ss -tulpn", board: ofBoard},
		{command: "systemd-analyze security", tests: []string{"scripts.TestUnitsAreHardened"}},
		{command: "journalctl", board: ofBoard},
		{command: "ssh", board: network},
		{command: "scp", board: network},
		{command: "git clone", board: "the address is that of whoever keeps the repository"},
		{command: "go tool pprof", tests: []string{"agent/web.TestKeptAnswerAllocatesLittle"}},
	}, targets()...)
}

// targets are those of the Makefile. What is a test itself names one that it runs.
func targets() []proof {
	return []proof{
		{command: "make help", tests: []string{"scripts/docs.TestMakeListsItsTargets"}},
		{command: "make run", tests: []string{"scripts/demo.TestServePrintsAddressesThatAnswer"}},
		{command: "make build", tests: []string{"scripts/release.TestReleaseIsBuiltAsTheMakefileBuilds"}},
		{command: "make build-arm64", tests: []string{"scripts/release.TestReleaseIsBuiltAsTheMakefileBuilds"}},
		{command: "make ci", tests: []string{dryRun, "scripts/board.TestImage"}, dry: "it is make test and make test-image, which take hours"},
		{command: "make test", tests: []string{dryRun}, dry: "it is all tests, which take hours, and would begin itself again: this is one of them"},
		{command: "make test-machine", tests: []string{"scripts/machine.TestService", "scripts/machine.TestMemoryIsGivenUpBeforeItIsTaken"}},
		{command: "make test-image", tests: []string{"scripts/board.TestImage"}},
		{command: "make test-update", tests: []string{"scripts/board.TestUpdate", "scripts/board.TestDrillLevel3"}},
		{command: "make test-powercut-board", tests: []string{"scripts/board.TestUpdatePowerCuts"}},
		{command: "make update-server", tests: []string{"scripts/updateserver.TestServesARepository", "scripts/release.TestWordsFromKeysToWithdrawal: publish"}},
		{command: "make bench-update", tests: []string{"scripts/benchupdate.TestAMissedGoalIsAnError", "scripts/benchupdate.TestApplyingTellsItsCost"}},
		{command: "make test-powercut", tests: []string{"scripts/powercut.TestPowerCuts"}},
		{command: "make test-deep", tests: []string{"agent/differential.TestDifferential"}},
		{command: "make test-release", tests: []string{"scripts/release.TestPackageTellsSystemd"}},
		{command: "make test-reproducible", tests: []string{dryRun, "image/manifest.TestSameImageSameFiles"}, dry: "it bakes twice, which takes hours"},
		{command: "make release-snapshot", tests: []string{"scripts/release.TestPackageInstallsItsFiles", "scripts/release.TestReleaseIsBuiltAsTheMakefileBuilds"}},
		{command: "make image", tests: []string{"scripts/board.TestPartitionsOfTheImage", "image/manifest.TestImagerListOfTheBake"}},
		{command: "make image-lock", tests: []string{"image/packages.TestLockIsReadAsItIsWritten"}},
		{command: "make run-image", tests: []string{"scripts/board/cmd.TestParse", "scripts/board/cmd.TestCardIsKept"}},
		{command: "make bench", tests: []string{"scripts/bench.TestFigures", dryRun}, dry: "it takes a quarter of an hour and more, and measures nothing on a computer that has other tests to run"},
		{command: "make criteria", tests: []string{"scripts/criteria.TestPageIsWhatTheProgramWrites", "scripts/criteria.TestReportsAreTakenIn"}},
		{command: "make cover", tests: []string{"scripts/criteria.TestCoverIsRead"}},
		{command: "make bench-compare", tests: []string{"scripts/bench.TestCompareLoads"}},
		{command: "make hwtest", tests: []string{"scripts/board.TestHardwareTest", "hwtest.TestScriptCopies"}},
		{command: "make soak", tests: []string{"scripts/soak.TestTwoMinutes"}},
		{command: "make cramped", tests: []string{"scripts/soak.TestCramped"}},
		{command: "make fuzz", tests: []string{dryRun, "agent/ics.FuzzDecode"}, dry: "it takes hours: ten minutes for each target; what they begin with, and what was found, is tried with every test"},
		{command: "make screenshot", tests: []string{dryRun, "agent/page.TestBrowserPictures"}, dry: "it writes over pictures of the repository"},
		{command: "make drill-1", tests: []string{"scripts/board.TestDrillLevel1"}},
		{command: "make drill-2", tests: []string{"scripts/board.TestDrillLevel2"}},
		{command: "make drill-3", tests: []string{"scripts/board.TestDrillLevel3"}},
	}
}

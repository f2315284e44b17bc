package debian

import "testing"

func TestMirrorIsThatOfTheEnvironmentOrOfThisHost(t *testing.T) {
	const host = "Other|Other|main|http://other.example\n" +
		"Debian|Debian|main|http://host.example/debian\nDebian|Debian|main|http://second.example/debian\nDebian|Debian-Security|main|http://safe.example/security\n"
	for _, c := range []struct {
		archive, security, targets string
		want                       Mirror
	}{
		{"", "", host, Mirror{"http://host.example/debian", "http://safe.example/security"}},
		{"", "", "Debian|Debian|main|http://host.example/debian/\n", Mirror{"http://host.example/debian", "http://host.example/debian-security"}},
		{"http://mine.example/debian/", "", "", Mirror{"http://mine.example/debian", "http://mine.example/debian-security"}},
		{"http://mine.example/debian", "http://mine.example/s/", "", Mirror{"http://mine.example/debian", "http://mine.example/s"}},
		{"", "", "Ubuntu|Ubuntu|main|http://other.example\n", Mirror{}},
	} {
		got, err := choose(c.archive, c.security, c.targets)
		if got != c.want || (err == nil) != (c.want != Mirror{}) {
			t.Errorf("%q, %q, %q: got %v, %v", c.archive, c.security, c.targets, got, err)
		}
	}
	t.Setenv(mirrorVariable, "http://mine.example/debian")
	if got, err := FindMirror(t.Context()); err != nil || got.Main != "http://mine.example/debian" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOddAnswersOfAptAreErrors(t *testing.T) {
	const hash = "SHA256:0123456789012345678901234567890123456789012345678901234567890123"
	for _, line := range []string{"'u' a_1_arm64.deb 5", "'u' a_1.deb 5 " + hash, "'u' a_1_arm64.deb x " + hash, "'u' a_1_arm64.deb 5 MD5Sum:0", "'u' a_%zz_arm64.deb 5 " + hash} {
		if _, err := parse(line + "\n"); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
	if got, err := parse("Reading\n'u' a_1_arm64.deb 5 " + hash + "\n"); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

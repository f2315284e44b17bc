package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// The variables that name a mirror; without them it is the one that this host's own apt asks.
const (
	mirrorVariable   = "DEBIAN_MIRROR"
	securityVariable = "DEBIAN_SECURITY_MIRROR"
)

// Mirror is the address of Debian's archive and that of its security updates.
type Mirror struct{ Main, Security string }

// FindMirror asks the environment and then this host's apt.
func FindMirror(ctx context.Context) (Mirror, error) {
	var targets string
	if os.Getenv(mirrorVariable) == "" {
		var err error
		targets, err = output(ctx, "apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SITE)", "Created-By: Packages")
		if err != nil {
			return Mirror{}, fmt.Errorf("find Debian's mirror: %w", err)
		}
	}
	return choose(os.Getenv(mirrorVariable), os.Getenv(securityVariable), targets)
}

// choose decides by what the environment says and by what apt has, as lines of origin, label, component and site.
// Where nobody names the place of the security updates it is beside the archive, as most mirrors have it.
func choose(archive, security, targets string) (Mirror, error) {
	m := Mirror{archive, security}
	for line := range strings.Lines(targets) {
		line = strings.TrimSpace(line)
		if site, ok := strings.CutPrefix(line, "Debian|Debian|main|"); ok && m.Main == "" {
			m.Main = site
		}
		if site, ok := strings.CutPrefix(line, "Debian|Debian-Security|main|"); ok && m.Security == "" {
			m.Security = site
		}
	}
	m.Main = strings.TrimRight(m.Main, "/")
	if m.Main == "" {
		return Mirror{}, errors.New("find Debian's mirror: this host's apt has none; set " + mirrorVariable + " to the address of one")
	}
	if m.Security == "" {
		m.Security = m.Main + "-security"
	}
	m.Security = strings.TrimRight(m.Security, "/")
	return m, nil
}

// Suites are a release, its updates and its security updates, as far as the mirror has them; missing are the names of
// those that it does not have. The release itself must be there, and a mirror that does not answer is an error.
func (m Mirror) Suites(ctx context.Context, release string) (suites []Suite, missing []string, err error) {
	folder, err := os.MkdirTemp("", "suites")
	if err != nil {
		return nil, nil, fmt.Errorf("look for the suites: %w", err)
	}
	defer os.RemoveAll(folder)
	for _, suite := range []Suite{{release, m.Main}, {release + "-updates", m.Main}, {release + "-security", m.Security}} {
		_, err := output(ctx, helper, "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3", "-qq", "download-file", suite.Site+"/dists/"+suite.Name+"/InRelease", folder+"/"+suite.Name)
		switch {
		case err == nil:
			suites = append(suites, suite)
		case suite.Name != release && strings.Contains(err.Error(), "404"):
			missing = append(missing, suite.Name)
		default:
			return nil, nil, fmt.Errorf("look for the suite %s: %w", suite.Name, err)
		}
	}
	return suites, missing, nil
}

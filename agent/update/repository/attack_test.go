package repository_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/update/publish"
	"calendarbot/agent/update/repository"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const day = 24 * time.Hour

// below are the roles under the root.
func below() []string { return []string{publish.Targets, publish.Snapshot, publish.Timestamp} }

func by(role string, signers ...signature.Signer) map[string][]signature.Signer {
	return map[string][]signature.Signer{role: signers}
}

func TestSignaturesThatAreNoneAreRefused(t *testing.T) {
	for _, role := range below() {
		t.Run("unsigned "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() { w.forge(forgery{from: role, keys: by(role)}) }, repository.Unsigned, role+".json is signed by nobody")
		})
		t.Run("wrong key of "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() { w.forge(forgery{from: role, keys: by(role, stranger(t)...)}) }, repository.WrongKey, "keys that this device does not trust")
		})
		t.Run("key of another role for "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			other := map[string]string{publish.Targets: publish.Snapshot, publish.Snapshot: publish.Timestamp, publish.Timestamp: publish.Targets}[role]
			w.attacked(func() { w.forge(forgery{from: role, keys: by(role, w.signers(other)...)}) }, repository.WrongKey, "keys that this device does not trust")
		})
		t.Run("a stranger under the name of the key of "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			name := stranger(t)
			w.attacked(func() {
				w.forge(forgery{from: role, keys: by(role, name...)})
				file := w.newest(role)
				w.rewrite(file, idOf(t, name[0]), idOf(t, w.signers(role)[0]))
				w.again(role)
			}, repository.WrongKey, "keys that this device does not trust")
		})
		t.Run("below the threshold of "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			w.attacked(func() { w.forge(forgery{from: role, keys: by(role, w.signers(role)[0])}) }, repository.BelowThreshold, "fewer keys than it has to be")
		})
		t.Run("one key twice for "+role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			w.attacked(func() {
				one := w.signers(role)[0]
				w.forge(forgery{from: role, keys: by(role, one, one)})
			}, repository.Broken, "cannot be read as what it should be")
		})
	}
}

func TestRootsThatDoNotFollowAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		signers func(w *world) []signature.Signer
		change  func(r *metadata.RootType)
		code    repository.Code
	}{
		"unsigned":     {func(*world) []signature.Signer { return nil }, nil, repository.Unsigned},
		"stranger":     {func(w *world) []signature.Signer { return stranger(w.t) }, nil, repository.WrongKey},
		"one of two":   {func(w *world) []signature.Signer { return w.signers(publish.Root)[:1] }, nil, repository.BelowThreshold},
		"other role":   {func(w *world) []signature.Signer { return w.signers(publish.Targets) }, nil, repository.WrongKey},
		"leaps":        {func(w *world) []signature.Signer { return w.signers(publish.Root) }, func(r *metadata.RootType) { r.Version = 9 }, repository.Mixed},
		"stays behind": {func(w *world) []signature.Signer { return w.signers(publish.Root) }, func(r *metadata.RootType) { r.Version = 1 }, repository.Mixed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			w.attacked(func() {
				m := load(w, "1.root.json", metadata.Root())
				m.Signed.Version++
				if c.change != nil {
					c.change(&m.Signed)
				}
				save(w, "2.root.json", m, publish.Root, by(publish.Root, c.signers(w)...))
			}, c.code, "root.json")
		})
	}
	// Whoever has a stranger's keys put themselves in by them alone.
	w := newWorld(t, 1)
	w.attacked(func() {
		thief := stranger(t)
		m := load(w, "1.root.json", metadata.Root())
		m.Signed.Version++
		public, err := thief[0].PublicKey()
		w.must(err)
		key, err := metadata.KeyFromPublicKey(public)
		w.must(err)
		w.must(m.Signed.AddKey(key, publish.Root))
		save(w, "2.root.json", m, publish.Root, by(publish.Root, thief...))
	}, repository.WrongKey, "root.json")
}

func TestWhatIsHeldBackIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		later time.Duration
		words string
	}{
		"timestamp": {15 * day, "timestamp.json ended on 15 November 2026, and it is 16 November 2026 now"},
		"root":      {4 * 365 * day, "ended on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() { w.later(c.later) }, repository.Expired, c.words)
		})
	}
	for _, role := range []string{publish.Targets, publish.Snapshot} {
		t.Run(role+" while the timestamp is kept fresh", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				end := w.now.Add(-time.Hour)
				w.forge(forgery{from: role,
					targets: func(m *metadata.TargetsType) { m.Expires = end },
					snapshot: func(m *metadata.SnapshotType) {
						if role == publish.Snapshot {
							m.Expires = end
						}
					}})
			}, repository.Expired, role+".json ended on")
		})
	}
}

func TestOlderVersionsAreRefused(t *testing.T) {
	for _, role := range below() {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			old := map[string][]byte{}
			for _, one := range below() {
				old[one] = w.read(w.metadata(w.newest(one)))
			}
			w.later(time.Hour)
			w.release("1.2.0")
			w.reads("1.2.0")
			w.attacked(func() {
				switch role {
				case publish.Timestamp: // the whole repository of before
					w.must(os.WriteFile(w.metadata("timestamp.json"), old[role], 0o644))
				case publish.Snapshot:
					w.forge(forgery{from: publish.Timestamp, timestamp: func(m *metadata.TimestampType) {
						m.Meta["snapshot.json"] = described(versionOf(t, old[role]), old[role])
					}})
				case publish.Targets:
					w.forge(forgery{from: publish.Snapshot, snapshot: func(m *metadata.SnapshotType) {
						m.Meta["targets.json"] = described(versionOf(t, old[role]), old[role])
					}})
				}
			}, repository.RolledBack, "older")
		})
	}
	t.Run("the list is left out", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		w.attacked(func() {
			w.forge(forgery{from: publish.Snapshot, snapshot: func(m *metadata.SnapshotType) { delete(m.Meta, "targets.json") }})
		}, repository.RolledBack, "leaves out")
	})
}

func TestFilesThatDoNotBelongTogetherAreRefused(t *testing.T) {
	for _, role := range []string{publish.Snapshot, publish.Targets} {
		t.Run("an older "+role+" under the name of the newest", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			old := w.read(w.metadata(w.newest(role)))
			w.later(time.Hour)
			w.release("1.2.0")
			w.attacked(func() { w.must(os.WriteFile(w.metadata(w.newest(role)), old, 0o644)) }, repository.Mixed, "other files")
		})
	}
	t.Run("another version under the same hash", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		w.attacked(func() {
			w.forge(forgery{from: publish.Timestamp, timestamp: func(m *metadata.TimestampType) {
				meta := *m.Meta["snapshot.json"]
				meta.Version += 5
				text := w.read(w.metadata(w.newest(publish.Snapshot)))
				w.must(os.WriteFile(w.metadata(fmt.Sprintf("%d.snapshot.json", meta.Version)), text, 0o644))
				m.Meta["snapshot.json"] = &meta
			}})
		}, repository.Mixed, "does not belong")
	})
	t.Run("a missing file", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		w.attacked(func() { w.must(os.Remove(w.metadata(w.newest(publish.Targets)))) }, repository.Missing, "lacks the file")
	})
}

// A thief of the key that lies on a server day and night alone installs nothing, and is shaken off with a new one.
func TestTheTimestampKeyAloneInstallsNothing(t *testing.T) {
	for name, f := range map[string]func(w *world) forgery{
		"own snapshot": func(w *world) forgery {
			return forgery{from: publish.Snapshot, keys: by(publish.Snapshot, w.signers(publish.Timestamp)...)}
		},
		"own targets": func(w *world) forgery {
			thief := w.signers(publish.Timestamp)
			return forgery{from: publish.Targets, keys: map[string][]signature.Signer{publish.Targets: thief, publish.Snapshot: thief}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() { w.forge(f(w)) }, repository.WrongKey, "keys that this device does not trust")
		})
	}
	// What they can do is to keep what is newer from the device: by versions that are never reached. New keys end that.
	w := newWorld(t, 1)
	w.stolen(func() {
		w.forge(forgery{from: publish.Timestamp, timestamp: func(m *metadata.TimestampType) { m.Version = 1 << 40 }})
	})
	w.release("1.2.0")
	_, err := w.device()
	refusedWith(t, err, repository.RolledBack, "older than what this device has seen before")
	w.later(time.Hour)
	w.must(w.publisher().Rotate(w.now, publish.Timestamp, publish.Share{}, nil))
	w.reads("1.2.0")
}

func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	for _, name := range []string{
		"../../../etc/passwd", "agent/../../calendarbot-1.2.0-arm64.zst", "/etc/passwd", "agent//calendarbot-1.2.0-arm64.zst", "agent/./x", "..", ".", "",
		"agent/.hidden-1.2.0", `agent\..\calendarbot-1.2.0-arm64.zst`, "agent/calendarbot-1.2.0%2f..%2f..-arm64.zst", "agent/\u2025/x", "agent/x\x00-1.2.0", "agent/x\n-1.2.0",
		"agent/" + strings.Repeat("x", 300),
	} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				w.forge(forgery{from: publish.Targets, targets: func(m *metadata.TargetsType) {
					for old, target := range m.Targets {
						if strings.Contains(old, "1.1.0") {
							m.Targets[name] = target
							return
						}
					}
				}})
			}, repository.BadName, "lead elsewhere")
		})
	}
}

func TestEndlessAndSlowAnswersAreRefused(t *testing.T) {
	for _, file := range []string{"2.root.json", "timestamp.json", ".snapshot.json", ".targets.json", "withdrawn.json"} {
		t.Run("endless "+file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.later(time.Hour)
			w.attacked(func() { w.answer(file, endless) }, repository.TooLong, "longer than the")
		})
		t.Run("said to be long: "+file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				w.answer(file, func(out http.ResponseWriter, r *http.Request) {
					out.Header().Set("Content-Length", "1000000000000")
					silent(out, r)
				})
			}, repository.TooLong, "longer than the")
		})
		t.Run("slow "+file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				w.limits.Patience, w.limits.Slowest = 500*time.Millisecond, 1<<20
				w.answer(file, silent)
			}, repository.TooSlow, "too slow")
		})
		t.Run("silent "+file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				w.limits.Check = time.Second
				w.answer(file, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			}, repository.TooSlow, "longer than 1s")
		})
		t.Run("a bomb in the place of "+file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				w.answer(file, func(out http.ResponseWriter, r *http.Request) {
					out.Header().Set("Content-Encoding", "gzip")
					endless(out, r)
				})
			}, repository.Broken, "nobody asked for")
		})
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		to    string
		code  repository.Code
		words string
	}{
		"loop":          {"/metadata/timestamp.json", repository.TooMany, "from one address to the next, more than 5 times"},
		"file":          {"file:///etc/passwd", repository.Insecure, "an address of"},
		"another place": {"http://127.0.0.1:1/metadata/timestamp.json", repository.Unreachable, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.attacked(func() {
				w.answer("timestamp.json", func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, c.to, http.StatusFound) })
			}, c.code, c.words)
		})
	}
}

func TestKeysAreChangedForEver(t *testing.T) {
	t.Run("a chain of keys without end", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		for range 6 {
			w.must(w.publisher().RenewRoot(w.now))
		}
		w.limits.Rotations = 5
		_, err := w.device()
		refusedWith(t, err, repository.TooMany, "changed its keys more than 5 times")
		w.reads("1.1.0") // from where it came to; each of these was signed
	})
	t.Run("the keys of before are worth nothing", func(t *testing.T) {
		for _, role := range below() {
			w := newWorld(t, 1)
			old := w.signers(role)[:1]
			w.must(w.publisher().Rotate(w.now, role, publish.Share{}, nil))
			w.reads("1.1.0")
			w.attacked(func() { w.forge(forgery{from: role, keys: by(role, old...)}) }, repository.WrongKey, "keys that this device does not trust")
		}
	})
	t.Run("each role", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		for i, role := range publish.Roles() {
			w.later(day)
			w.must(w.publisher().Rotate(w.now, role, publish.Share{Keys: 3, Threshold: 2}, nil))
			version := fmt.Sprintf("1.2.%d", i)
			w.release(version)
			if r := w.reads(version); r.Root != int64(i+2) {
				t.Errorf("after the keys of %s: root %d", role, r.Root)
			}
		}
	})
}

// A device that lay in a drawer for two years, while all keys were changed again and again, finds its way; so does one of the first image.
func TestADeviceTwoYearsBehindUpdates(t *testing.T) {
	w := newWorld(t, 2)
	for i := range 30 {
		w.later(25 * day)
		w.must(w.publisher().Refresh(w.now))
		w.must(w.publisher().Rotate(w.now, publish.Roles()[i%4], publish.Share{Keys: 2 + i%2, Threshold: 1 + i%2}, nil))
	}
	w.release("3.0.0")
	if r := w.reads("3.0.0"); r.Root != 31 {
		t.Errorf("root %d", r.Root)
	}
	path, err := w.reads("3.0.0").Fetch(t.Context(), offer(t, w.reads("3.0.0"), "3.0.0"), nil)
	if err != nil || len(w.read(path)) == 0 {
		t.Error(err)
	}
	w.folder = t.TempDir()
	w.reads("3.0.0")
}

func versionOf(t *testing.T, text []byte) int64 {
	t.Helper()
	var m struct{ Signed struct{ Version int64 } }
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m.Signed.Version
}

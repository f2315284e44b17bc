package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"

	"calendarbot/agent/update/publish"
)

func keysWord() word {
	return word{name: "keys", help: `Makes the keys of all roles, and root.json, which images are baked with. Keys that are there are never written over.

  release keys --keys /media/keys/tuf --root 2/3     two of three keys of the root have to sign
`, set: func(flags *flag.FlagSet) func(*desk) error {
		shares := publish.UsualShares()
		for _, role := range publish.Roles() {
			flags.Func(role, "how many of the role's keys have to sign, as `M/N` (root 2/3, others 1/1)", func(text string) error {
				s, err := share(text)
				shares[role] = s
				return err
			})
		}
		missing := flags.Bool("if-missing", false, "keys that are there already are no error")
		return func(d *desk) error {
			if _, err := os.Stat(filepath.Join(d.keysDir, "root.json")); err == nil && *missing {
				return nil
			}
			secret, err := passphrase()
			if err != nil {
				return err
			}
			if err := publish.NewKeys(d.keysDir, shares, secret, d.now); err != nil {
				return err
			}
			d.say("made %s; images are baked with %s", d.keysDir, filepath.Join(d.keysDir, "root.json"))
			d.say("for real releases, move the keys of %s to media that are kept apart and offline", filepath.Join(d.keysDir, publish.Root))
			return nil
		}
	}}
}

func rotateWord() word {
	return word{name: "rotate", args: "<role>", help: `Gives a role (root, targets, snapshot, timestamp) new keys: when one may be known to somebody else, was lost, or is old. Devices
learn of it by themselves. Where too few of the root's keys are here, the new root waits to be signed elsewhere:

  release rotate targets                                       here; says which file waits
  release sign 2.root.json --keys /media/second/tuf            where another key of the root is
  release land 2.root.json                                     here again
`, set: func(flags *flag.FlagSet) func(*desk) error {
		var shares publish.Share
		flags.Func("share", "how many of how many keys have to sign, as `M/N` (as now)", func(text string) (err error) {
			shares, err = share(text)
			return err
		})
		return func(d *desk) error {
			r, err := d.open()
			if err != nil {
				return err
			}
			secret, err := passphrase()
			if err != nil {
				return err
			}
			if err := d.staged(r.Rotate(d.now, d.args[0], shares, secret)); err != nil {
				return err
			}
			d.say("%s has new keys; bake images with the new %s", d.args[0], filepath.Join(d.keysDir, "root.json"))
			return nil
		}
	}}
}

// staged explains what to do where a root waits for signatures.
func (d *desk) staged(err error) error {
	if errors.Is(err, publish.ErrWaiting) {
		return errors.Join(err, errors.New("sign the file where the other keys are (release sign FILE), then publish it here (release land FILE)"))
	}
	return err
}

func renewWord() word {
	return word{name: "renew", help: `Lets the root be good for another three years, with the keys it has. It waits for signatures as with rotate.

  release renew
`, set: func(*flag.FlagSet) func(*desk) error {
		return func(d *desk) error {
			r, err := d.open()
			if err != nil {
				return err
			}
			if err := d.staged(r.RenewRoot(d.now)); err != nil {
				return err
			}
			d.say("the root is renewed; bake images with the new %s", filepath.Join(d.keysDir, "root.json"))
			return nil
		}
	}}
}

func signWord() word {
	return word{name: "sign", args: "<file>", help: `Adds the signatures of the root's keys that are here to a root that waits for them.

  release sign 2.root.json --keys /media/second/tuf
`, set: func(*flag.FlagSet) func(*desk) error {
		return func(d *desk) error {
			keys, err := d.loadKeys()
			if err != nil {
				return err
			}
			n, err := keys.Sign(d.args[0])
			if err != nil {
				return err
			}
			if n == 0 {
				return errors.New("no key of the root is here that has not signed it yet")
			}
			d.say("added %d signatures to %s", n, d.args[0])
			return nil
		}
	}}
}

func landWord() word {
	return word{name: "land", args: "<file>", help: `Publishes a root that enough keys have signed.

  release land 2.root.json
`, set: func(*flag.FlagSet) func(*desk) error {
		return func(d *desk) error {
			r, err := d.open()
			if err != nil {
				return err
			}
			if err := d.staged(r.Land(d.now, d.args[0])); err != nil {
				return err
			}
			d.say("%s is published; bake images with the new %s", d.args[0], filepath.Join(d.keysDir, "root.json"))
			return nil
		}
	}}
}

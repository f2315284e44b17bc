package preseed

import (
	"slices"
	"strings"
	"unicode/utf8"

	"calendarbot/agent/config"
)

// takenOver stands in the place of a secret.
const takenOver = "# taken over by the device; write it here again to change it"

// wholeBlank stands in the place of a file whose secrets cannot be taken out one by one.
const wholeBlank = "# The device took over what stood here, and took the whole text away to keep the passwords off the card.\n"

// secret is one value that must not stay on the card.
type secret struct {
	node   *config.Node
	indent int // of what it belongs to
}

// secrets lists those of the sections that were taken over.
func secrets(root *config.Node, taken []string) (list []secret) {
	add := func(n *config.Node, indent int) {
		if n.Kind == config.Text && n.Text != "" {
			list = append(list, secret{n, indent})
		}
	}
	hidden := map[string]bool{}
	for _, k := range append(config.Keys(), config.SourceKeys()...) {
		hidden[k.Key] = k.Secret
	}
	for _, pair := range root.Pairs {
		value := pair.Value
		if !slices.Contains(taken, pair.Key.Text) {
			continue
		}
		switch pair.Key.Text {
		case pinSection:
			add(value, pair.Key.Column)
		case wifiSection:
			for _, item := range listed(value) {
				for _, p := range item.Pairs {
					if p.Key.Text == "password" {
						add(p.Value, p.Key.Column)
					}
				}
			}
		case feedsSection:
			for _, item := range listed(value) {
				add(item, item.Column-2)
				for _, p := range item.Pairs {
					if hidden[p.Key.Text] {
						add(p.Value, p.Key.Column)
					}
					if p.Key.Text == "headers" {
						for _, header := range p.Value.Pairs {
							add(header.Value, header.Key.Column)
						}
					}
				}
			}
		case agentSection:
			for _, section := range value.Pairs {
				for _, p := range section.Value.Pairs {
					if hidden[section.Key.Text+"."+p.Key.Text] {
						add(p.Value, p.Key.Column)
					}
				}
			}
		}
	}
	return list
}

// blank takes the secrets of the sections that were taken over out of the text of calendarbot.yaml; all else stays as it is, line by
// line. Each step is proved by reading the text again; when none is found, wholeBlank is returned.
func blank(text string, taken []string) string {
	root, err := config.Tree([]byte(text))
	if err != nil {
		return text
	}
	list := secrets(root, taken)
	if len(list) == 0 {
		return text
	}
	var hide []string
	out := text
	for _, one := range slices.Backward(list) { // from the end, so that the places of those before stay true
		hide = append(hide, one.node.Text)
		was := *one.node
		*one.node = config.Node{}
		next, ok := without(out, secret{&was, one.indent}, root)
		if !ok {
			return wholeBlank
		}
		out = next
	}
	return uncomment(out, hide, func(candidate string) bool { return means(candidate, root) })
}

// means tells whether a text reads as a tree does.
func means(text string, want *config.Node) bool {
	got, err := config.Tree([]byte(text))
	return err == nil && equal(got, want)
}

func equal(a, b *config.Node) bool {
	if a.Kind != b.Kind || a.Text != b.Text {
		return false
	}
	return slices.EqualFunc(a.Items, b.Items, equal) && slices.EqualFunc(a.Pairs, b.Pairs, func(a, b config.Pair) bool {
		return equal(a.Key, b.Key) && equal(a.Value, b.Value)
	})
}

// without returns the text without one secret, so that it means what is wanted.
func without(text string, one secret, want *config.Node) (string, bool) {
	lines := breaks(text)
	i := one.node.Line - 1
	if i < 0 || i >= len(lines) {
		return "", false
	}
	line := lines[i]
	start := 0
	for range one.node.Column - 1 {
		_, size := utf8.DecodeRuneInString(line[start:])
		start += size
	}
	body := strings.TrimRight(line, "\n\u0085\u2028\u2029")
	start = min(start, len(body))
	before, after := strings.Join(lines[:i], "")+line[:start], lines[i+1:]
	if one.node.Flow {
		return withoutFlow(before, line[start:]+strings.Join(after, ""), want)
	}
	try := func(n int) (string, bool) {
		if n > len(after) {
			return "", false
		}
		out := before + takenOver + line[len(body):] + strings.Join(after[n:], "")
		return out, means(out, want)
	}
	if out, ok := try(blockLines(body[start:], after, one.indent)); ok {
		return out, true
	}
	const most = 20 // lines that a value goes on for
	for n := range most {
		if out, ok := try(n); ok {
			return out, true
		}
	}
	return "", false
}

// withoutFlow looks for the end of a value between brackets.
func withoutFlow(before, rest string, want *config.Node) (string, bool) {
	const most = 100
	tries := 0
	for i, r := range rest {
		if i == 0 || !strings.ContainsRune(",]}\n", r) {
			continue
		}
		if out := before + "~" + rest[i:]; means(out, want) {
			return out, true
		}
		if tries++; tries == most {
			break
		}
	}
	return "", false
}

// blockLines is how many lines a text goes on for that begins with | or >.
func blockLines(value string, after []string, indent int) (n int) {
	if !strings.HasPrefix(value, "|") && !strings.HasPrefix(value, ">") {
		return 0
	}
	for n < len(after) {
		line := after[n]
		if strings.TrimSpace(line) != "" && len(line)-len(strings.TrimLeft(line, " ")) < max(indent, 1) {
			break
		}
		n++
	}
	return n
}

// breaks are the lines of a text, each with what ends it, as YAML counts them.
func breaks(text string) (lines []string) {
	for text != "" {
		end := strings.IndexAny(text, "\n\u0085\u2028\u2029")
		if end < 0 {
			return append(lines, text)
		}
		_, size := utf8.DecodeRuneInString(text[end:])
		lines, text = append(lines, text[:end+size]), text[end+size:]
	}
	return lines
}

// uncomment takes secrets out of what else stands there, such as comments, where that changes nothing that is said. Very short ones stay: they
// would be found in every word.
func uncomment(text string, hide []string, same func(string) bool) string {
	const stars = "***"
	for _, one := range hide {
		if len(one) < len(stars)+1 || !strings.Contains(text, one) {
			continue
		}
		if out := strings.ReplaceAll(text, one, stars); same(out) {
			text = out
			continue
		}
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				lines[i] = strings.ReplaceAll(line, one, stars)
			}
		}
		if out := strings.Join(lines, "\n"); same(out) {
			text = out
		}
	}
	return text
}

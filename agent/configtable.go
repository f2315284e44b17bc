package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"calendarbot/agent/config"
)

// settingsAnswer is what the program says about its settings.
type settingsAnswer struct {
	Revision uint64
	Problem  string
	Pending  []string
	Values   []settingAnswer
}

type settingAnswer struct {
	Key, Value, Layer, Origin, Allowed string
	Restart, Secret                    bool
}

// who is the layer and the place that said so.
func (s settingAnswer) who() string { return who(s.Layer, s.Origin) }

func who(layer, origin string) string {
	if origin == "" || origin == layer {
		return layer
	}
	return layer + " (" + origin + ")"
}

// print writes every setting, what is wrong with the file, and what is pending.
func (a settingsAnswer) print(w io.Writer) error {
	if err := a.printTable(w, a.Values); err != nil {
		return err
	}
	return a.printState(w)
}

func (a settingsAnswer) printTable(w io.Writer, values []settingAnswer) error {
	list := make([]config.Value, len(values))
	for i, v := range values {
		list[i] = config.Value{Key: v.Key, Text: v.Value, Layer: config.Layer(v.who())}
	}
	return config.Fprint(w, list)
}

func (a settingsAnswer) printState(w io.Writer) error {
	if a.Problem != "" {
		if _, err := fmt.Fprintf(w, "\nProblem: %s\n", a.Problem); err != nil {
			return err
		}
	}
	if len(a.Pending) > 0 {
		if _, err := fmt.Fprintf(w, "\nTakes effect at the next start: %s\n", strings.Join(a.Pending, ", ")); err != nil {
			return err
		}
	}
	return nil
}

func (a settingsAnswer) find(key string) (settingAnswer, bool) {
	i := slices.IndexFunc(a.Values, func(s settingAnswer) bool { return s.Key == key })
	if i < 0 {
		return settingAnswer{}, false
	}
	return a.Values[i], true
}

// printKey writes all about one setting, or the settings of a section.
func (a settingsAnswer) printKey(w io.Writer, key string) error {
	if s, ok := a.find(key); ok {
		return a.printSetting(w, s)
	}
	section := slices.DeleteFunc(slices.Clone(a.Values), func(s settingAnswer) bool {
		return !strings.HasPrefix(s.Key, strings.TrimSuffix(key, ".")+".")
	})
	if len(section) == 0 {
		return fmt.Errorf("there is no setting %q; \"calendarbot config show\" lists them", key)
	}
	return a.printTable(w, section)
}

func (a settingsAnswer) printSetting(w io.Writer, s settingAnswer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows := [][2]string{{"setting", s.Key}, {"value", orDash(s.Value)}, {"said by", s.who()}, {"allowed", orDash(s.Allowed)}}
	if s.Restart {
		rows = append(rows, [2]string{"changes", "take effect at the next start"})
	}
	if slices.Contains(a.Pending, s.Key) {
		rows = append(rows, [2]string{"pending", "the value is not in effect before the next start"})
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(table, "%s\t%s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return table.Flush()
}

// printLine tells in one line what holds for a setting after a change.
func (a settingsAnswer) printLine(w io.Writer, key string) error {
	s, ok := a.find(key)
	words := key + " is no more"
	if ok {
		words = fmt.Sprintf("%s is %s, by %s", s.Key, orDash(s.Value), s.who())
	}
	if slices.Contains(a.Pending, key) {
		words += "; it takes effect at the next start"
	}
	_, err := fmt.Fprintln(w, words)
	return err
}

// printUndone tells what a change took back.
func (a settingsAnswer) printUndone(w io.Writer, c changeAnswer) error {
	if _, err := fmt.Fprintf(w, "change %d was taken back: ", c.Undoes); err != nil {
		return err
	}
	return a.printLine(w, c.Key)
}

// changesAnswer is what the program says about changes of settings.
type changesAnswer struct{ Changes []changeAnswer }

type changeAnswer struct {
	ID, Undoes           int64
	At                   time.Time
	Who, Why, Key, Layer string
	From, To             *string // nil: the layer said nothing
}

func (a changesAnswer) print(w io.Writer) error {
	if len(a.Changes) == 0 {
		_, err := fmt.Fprintln(w, "No setting was changed yet.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(table, "ID\tWHEN\tWHO\tLAYER\tSETTING\tFROM\tTO\tWHY"); err != nil {
		return err
	}
	for _, c := range a.Changes {
		why := c.Why
		if c.Undoes > 0 {
			why = strings.TrimSuffix(fmt.Sprintf("takes back %d; %s", c.Undoes, why), "; ")
		}
		_, err := fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.At.Local().Format("2006-01-02 15:04:05"),
			oneLine(c.Who), c.Layer, c.Key, said(c.From), said(c.To), oneLine(orDash(why)))
		if err != nil {
			return err
		}
	}
	return table.Flush()
}

// said is a text that a layer may have said, in one line.
func said(text *string) string {
	if text == nil {
		return "-"
	}
	return oneLine(orDash(*text))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// oneLine keeps a table a table whatever stands in it, and a long text short.
func oneLine(text string) string {
	const most = 80 // runes
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

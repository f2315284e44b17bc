package view

import (
	"strings"
	"time"
	"unicode/utf8"
)

// choiceWindow is how far behind the earliest meeting another may start and still be preferred to lunch.
const choiceWindow = 30 * time.Minute

// NextMeeting chooses the meeting that programs are told of: the earliest that has not ended, where
// all-day items, skipped items and focus time are passed over, and where of those that start within 30
// minutes of the earliest a meeting is preferred to lunch. Items must be in order of start.
func NextMeeting(items []Item, now time.Time) (Item, bool) {
	var first *Item
	for i := range items {
		it := &items[i]
		if it.AllDay || it.Skipped || it.over(now) || focus(it.Title) {
			continue
		}
		switch {
		case first == nil:
			first = it
		case it.Start.Sub(first.Start) > choiceWindow:
			return *first, true
		case !lunch(it.Title):
			return *it, true
		}
		if !lunch(first.Title) {
			return *first, true
		}
	}
	if first == nil {
		return Item{}, false
	}
	return *first, true
}

// focus tells whether a title is time kept free for work alone.
func focus(title string) bool {
	title = strings.ToLower(title)
	for _, w := range focusWords() {
		if strings.Contains(title, w) {
			return true
		}
	}
	return false
}

// lunch tells whether a title is a lunch break; a longer title is a meeting about or over lunch.
func lunch(title string) bool {
	return utf8.RuneCountInString(title) <= 10 && strings.Contains(strings.ToLower(title), lunchWord)
}

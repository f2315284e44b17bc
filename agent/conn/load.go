package conn

import "fmt"

// limits bound the size of a pool.
type limits struct {
	rest    int // size without load
	fixed   int // size while sizing by load is off
	most    int // size under load
	maximum int // that others allow; 0: they have no say
}

// ceiling is the most that the size may become.
func (l limits) ceiling() int {
	if l.maximum > 0 {
		return max(1, min(l.most, l.maximum))
	}
	return l.most
}

// load is what is asked of a pool, and what it has.
type load struct {
	limits   limits
	adaptive bool
	size     int
	waiting  int // uses, for long enough to be worth a connection
	peak     int // most connections in use at once since the last look; -1 between looks: nothing shrinks then
}

// fit returns the size that a pool should have, and why in words. It grows by as many as wait, up to
// the ceiling, and shrinks by one with each look at which not all were needed.
func (l load) fit() (size int, why string) {
	ceiling, rest := l.limits.ceiling(), min(l.limits.rest, l.limits.ceiling())
	switch {
	case !l.adaptive && l.limits.fixed > ceiling:
		return ceiling, held(ceiling)
	case !l.adaptive:
		return l.limits.fixed, "fixed, as sizing by load is off"
	case l.size > ceiling:
		return ceiling, held(ceiling)
	case l.waiting > 0 && l.size >= ceiling && ceiling < l.limits.most:
		return ceiling, fmt.Sprintf("%s, though %s", held(ceiling), count(l.waiting, "use waits", "uses wait"))
	case l.waiting > 0 && l.size >= ceiling:
		return ceiling, fmt.Sprintf("at its ceiling, though %s", count(l.waiting, "use waits", "uses wait"))
	case l.waiting > 0:
		return min(max(l.size, rest)+l.waiting, ceiling), "grown, as " + count(l.waiting, "use had to wait", "uses had to wait")
	case l.size < rest:
		return rest, atRest
	case l.size == rest && ceiling < l.limits.rest:
		return rest, held(ceiling)
	case l.size == rest:
		return rest, atRest
	case l.peak >= 0 && l.peak < l.size:
		return l.size - 1, fmt.Sprintf("shrinking, as at most %d of %d were in use", l.peak, l.size)
	case l.peak >= 0:
		return l.size, "kept, as all are in use at times"
	}
	return l.size, ""
}

const atRest = "at rest"

func held(ceiling int) string { return fmt.Sprintf("held to %d from outside", ceiling) }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/conn"
	"calendarbot/agent/page"
)

// cacheView is the answer of /api/v1/cache: what stands before the drawing of pages, as far as it is there.
type cacheView struct {
	Pipeline *pipelineView `json:"pipeline"`
	Batch    *batchView    `json:"batch"`
	Ladder   *ladderView   `json:"ladder"`
}

type pipelineView struct {
	Hits       uint64  `json:"hits"`
	Misses     uint64  `json:"misses"`
	Joined     uint64  `json:"joined"`
	Drawn      uint64  `json:"drawn"`
	Failed     uint64  `json:"failed"`
	Uncached   uint64  `json:"uncached"`
	Evicted    uint64  `json:"evicted"`
	Warmed     uint64  `json:"warmed"`
	Compressed uint64  `json:"compressed"`
	Entries    int     `json:"entries"`
	MaxEntries int     `json:"max_entries"`
	Bytes      int64   `json:"bytes"`
	MaxBytes   int64   `json:"max_bytes"`
	TTL        float64 `json:"ttl_s"`
	Why        string  `json:"why"`
	Step       int     `json:"step"`
}

type batchView struct {
	Asked   uint64 `json:"asked"`
	Shared  uint64 `json:"shared"`
	Queries uint64 `json:"queries"`
}

type ladderView struct {
	Optimised uint64 `json:"optimised"`
	Plain     uint64 `json:"plain"`
	LastGood  uint64 `json:"last_good"`
	Foot      uint64 `json:"foot"`
}

func pipelineViewOf(st page.PipelineStats) *pipelineView {
	return &pipelineView{
		Hits: st.Hits, Misses: st.Misses, Joined: st.Joined, Drawn: st.Drawn, Failed: st.Failed, Uncached: st.Uncached, Evicted: st.Evicted,
		Warmed: st.Warmed, Compressed: st.Compressed, Entries: st.Entries, MaxEntries: st.MaxEntries, Bytes: st.Bytes, MaxBytes: st.MaxBytes,
		TTL: st.TTL.Seconds(), Why: st.Why, Step: int(st.Step),
	}
}

func (s *Server) getCache(c *fiber.Ctx) error {
	var v cacheView
	if s.o.Pipeline != nil {
		v.Pipeline = pipelineViewOf(s.o.Pipeline.Stats())
	}
	if s.o.Batch != nil {
		st := s.o.Batch.Stats()
		v.Batch = &batchView{Asked: st.Asked, Shared: st.Shared, Queries: st.Queries}
	}
	if s.o.Ladder != nil {
		st := s.o.Ladder.Stats()
		v.Ladder = &ladderView{Optimised: st.Optimised, Plain: st.Plain, LastGood: st.LastGood, Foot: st.Foot}
	}
	return answerJSON(c, http.StatusOK, v)
}

// dropCache is DELETE /api/v1/cache: every kept page is given up. The last good ones stay, as nothing else shows them.
func (s *Server) dropCache(c *fiber.Ctx) error {
	dropped := 0
	if s.o.Pipeline != nil {
		dropped = s.o.Pipeline.Drop()
	}
	return answerJSON(c, http.StatusOK, map[string]int{"dropped": dropped})
}

// poolView is one pool of connections as /api/v1/pools shows it.
type poolView struct {
	Name        string   `json:"name"`
	Pooled      bool     `json:"pooled"`
	Size        int      `json:"size"`
	Ceiling     int      `json:"ceiling"`
	Why         string   `json:"why"`
	InUse       int      `json:"in_use"`
	Idle        int      `json:"idle"`
	Waiting     int      `json:"waiting"`
	Takes       uint64   `json:"takes"`
	Reused      uint64   `json:"reused"`
	Opened      uint64   `json:"opened"`
	Closed      uint64   `json:"closed"`
	Broken      uint64   `json:"broken"`
	Failed      uint64   `json:"failed"`
	Waits       uint64   `json:"waits"`
	Waited      float64  `json:"waited_s"`
	Leaks       uint64   `json:"leaks"`
	Longest     float64  `json:"longest_s"`
	Suspects    []string `json:"suspects"`
	Utilisation float64  `json:"utilisation"`
	Reuse       float64  `json:"reuse"`
}

func poolViewOf(st conn.Stats) poolView {
	v := poolView{
		Name: st.Name, Pooled: st.Pooled, Size: st.Size, Ceiling: st.Ceiling, Why: st.Why, InUse: st.InUse, Idle: st.Idle, Waiting: st.Waiting,
		Takes: st.Takes, Reused: st.Reused, Opened: st.Opened, Closed: st.Closed, Broken: st.Broken, Failed: st.Failed, Waits: st.Waits,
		Waited: st.Waited.Seconds(), Leaks: st.Leaks, Longest: st.Longest.Seconds(), Suspects: st.Suspects, Utilisation: st.Utilisation(), Reuse: st.Reuse(),
	}
	if v.Suspects == nil {
		v.Suspects = []string{}
	}
	return v
}

func (s *Server) getPools(c *fiber.Ctx) error {
	list := []poolView{}
	if s.o.Pools != nil {
		for _, st := range s.o.Pools() {
			list = append(list, poolViewOf(st))
		}
	}
	return answerJSON(c, http.StatusOK, map[string]any{"pools": list})
}

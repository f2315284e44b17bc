package pressure

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// stallTrigger asks to be woken when something waited for memory for 150 ms within 2 s. Windows that are a multiple of 2 s are what
// the kernel allows to everybody (from 6.4 on); it wakes at most once in each, so that nothing here can spin.
const stallTrigger = "some 150000 2000000\x00"

// Kinds of file systems on which a file of pressure is the kernel's (statfs(2)). Writing into any other would spoil it.
const (
	procMagic  = 0x9fa0
	groupMagic = 0x63677270
)

// trigger is a file of pressure that wakes who waits on it.
type trigger struct {
	poll     int // epoll: the file, and the pipe by which waiting is ended
	file     int
	out, end int // the pipe
}

// newTrigger sets one for the memory of the unit, else of the device.
func (s *Sensor) newTrigger() (*trigger, error) {
	paths := []string{s.root + "/proc/pressure/memory"}
	if s.group.dir != "" {
		paths = append([]string{s.group.dir + "/memory.pressure"}, paths...)
	}
	var all error
	for _, path := range paths {
		t, err := openTrigger(path)
		if err == nil {
			return t, nil
		}
		all = errors.Join(all, fmt.Errorf("watch %s: %w", path, err))
	}
	return nil, all
}

// openTrigger sets one.
func openTrigger(path string) (t *trigger, err error) {
	t = &trigger{poll: -1, file: -1, out: -1, end: -1}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
			t = nil
		}
	}()
	if t.file, err = open(path, syscall.O_RDWR|syscall.O_NONBLOCK); err != nil {
		return t, err
	}
	var system syscall.Statfs_t
	if err = syscall.Fstatfs(t.file, &system); err != nil {
		return t, err
	}
	if kind := int64(system.Type); kind != procMagic && kind != groupMagic {
		return t, errors.New("this is not the kernel's file")
	}
	if _, err = again(func() (int, error) { return syscall.Write(t.file, []byte(stallTrigger)) }); err != nil {
		return t, err
	}
	return t, t.listen(t.file, syscall.EPOLLPRI)
}

// listen makes wait return when a file has events.
func (t *trigger) listen(file int, events uint32) (err error) {
	var pipe [2]int
	if err = syscall.Pipe2(pipe[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		return err
	}
	t.out, t.end = pipe[0], pipe[1]
	if t.poll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if err = syscall.EpollCtl(t.poll, syscall.EPOLL_CTL_ADD, file, &syscall.EpollEvent{Events: events}); err != nil {
		return err
	}
	return syscall.EpollCtl(t.poll, syscall.EPOLL_CTL_ADD, t.out, &syscall.EpollEvent{Events: syscall.EPOLLIN})
}

// wait calls woken for each event until ctx ends, which is no error. An error: the file tells no more, as its cgroup is gone.
func (t *trigger) wait(ctx context.Context, woken func()) (err error) {
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		_, err := syscall.Write(t.end, []byte{1})
		ended <- err
	})
	defer func() {
		if !stop() { // the pipe may be closed only after that
			err = errors.Join(err, <-ended)
		}
	}()
	var events [2]syscall.EpollEvent
	for {
		n, err := again(func() (int, error) { return syscall.EpollWait(t.poll, events[:], -1) })
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait for memory pressure: %w", err)
		}
		for _, e := range events[:n] {
			if e.Events&(syscall.EPOLLERR|syscall.EPOLLHUP) != 0 {
				return errors.New("wait for memory pressure: the file tells no more")
			}
		}
		woken()
	}
}

// close gives everything back.
func (t *trigger) close() (all error) {
	for _, fd := range []int{t.poll, t.file, t.out, t.end} {
		if fd >= 0 {
			all = errors.Join(all, syscall.Close(fd))
		}
	}
	return all
}

package soft

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
)

// animations are those under way. It is used on the loop only.
type animations []*running

type running struct {
	*fyne.Animation
	since    time.Time
	left     int // repeats
	backward bool
	stopped  bool
}

func (m *animations) start(a *fyne.Animation, now time.Time) {
	*m = append(*m, &running{Animation: a, since: now, left: a.RepeatCount})
}

func (m *animations) stop(a *fyne.Animation) {
	*m = slices.DeleteFunc(*m, func(r *running) bool {
		r.stopped = r.stopped || r.Animation == a
		return r.stopped
	})
}

// tick moves all on, and reports whether any is left. A tick may start and
// stop animations.
func (m *animations) tick(now time.Time) bool {
	for _, r := range slices.Clone(*m) {
		if !r.stopped && !r.tick(now) {
			m.stop(r.Animation)
		}
	}
	return len(*m) > 0
}

// tick reports whether the animation goes on.
func (r *running) tick(now time.Time) bool {
	if done := now.Sub(r.since); done < r.Duration {
		part := float32(done) / float32(r.Duration)
		if r.backward {
			part = 1 - part
		}
		curve := r.Curve
		if curve == nil {
			curve = fyne.AnimationEaseInOut
		}
		r.Tick(curve(part))
		return true
	}
	end := float32(1)
	if r.backward {
		end = 0
	}
	r.Tick(end)
	r.since = now
	if r.AutoReverse && !r.backward {
		r.backward = true
		return true
	}
	r.backward = false
	if r.left == 0 {
		return false
	}
	if r.left > 0 { // -1 is for ever
		r.left--
	}
	return true
}

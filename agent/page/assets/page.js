// Keeps the page current without loading it anew: fetches it when the server says so, when the picture it
// shows ends, and when the server has been silent for long; then puts the new main in place of the old one.
(() => {
  'use strict';
  const lost = document.getElementById('lost');
  const say = document.getElementById('say');
  const patience = 65000; // longest time without a look, in milliseconds
  const main = () => document.querySelector('main');
  const files = (doc) => [...doc.querySelectorAll('link[rel=stylesheet], script[src]')]
    .map((e) => e.getAttribute('href') || e.getAttribute('src')).join(' ');
  let timer = 0;
  let stream = null;
  let busy = false;
  let again = false;
  let offset = 0; // the server's clock less this one's
  let good = Date.now(); // the last answer
  let beat = 0; // the last sign of life

  function plan() {
    clearTimeout(timer);
    const wait = Number(main().dataset.until) - Date.now() - offset;
    timer = setTimeout(refresh, wait > 0 ? Math.min(wait + 300, patience) : 15000);
    if (!stream || stream.readyState === EventSource.CLOSED) {
      const kind = main().dataset.stream; // what this page is about, where it is not the calendar
      stream = new EventSource(kind ? '/stream?of=' + kind : '/stream');
      stream.addEventListener(kind || 'change', refresh);
    }
  }

  function swap(doc) {
    const fresh = doc.querySelector('main');
    if (!fresh) throw new Error('no page');
    if (files(doc) !== files(document)) {
      location.reload(); // the program was updated
      return;
    }
    const old = main();
    if (old.outerHTML === fresh.outerHTML) return;
    const said = old.dataset.say !== fresh.dataset.say;
    const label = document.activeElement && document.activeElement.getAttribute('aria-label');
    document.documentElement.dataset.theme = doc.documentElement.dataset.theme;
    document.documentElement.dataset.scale = doc.documentElement.dataset.scale;
    document.title = doc.title;
    for (const part of old.querySelectorAll('details[open]')) {
      const same = fresh.querySelector('#' + part.id);
      if (same) same.open = true;
    }
    old.replaceWith(document.adoptNode(fresh));
    if (label) {
      const same = fresh.querySelector(`[aria-label="${CSS.escape(label)}"]`);
      if (same) same.focus({ preventScroll: true });
    }
    if (said) say.textContent = fresh.dataset.say;
  }

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(location.href, { cache: 'no-cache', signal: AbortSignal.timeout(20000) });
      const date = Date.parse(answer.headers.get('Date'));
      if (date) offset = date - Date.now();
      swap(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      good = Date.now();
      lost.hidden = true;
      if ('beat' in main().dataset && good - beat > 55000) {
        beat = good;
        await fetch('/api/browser-heartbeat', { method: 'POST' });
      }
    } catch {
      if (Date.now() - good > 30000 && lost.hidden) {
        lost.querySelector('time').textContent = new Date(good).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
        lost.hidden = false;
      }
    }
    busy = false;
    if (again) {
      again = false;
      timer = setTimeout(refresh, 1000);
    } else {
      plan();
    }
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refresh();
  });
  addEventListener('online', refresh);
  // A page that is left must not keep its stream: a browser allows six connections to one server.
  addEventListener('pagehide', () => {
    clearTimeout(timer);
    if (stream) stream.close();
  });
  addEventListener('pageshow', (e) => {
    if (e.persisted) refresh();
  });
  plan();
})();

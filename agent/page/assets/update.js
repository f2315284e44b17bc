// The page of versions and updates: follows what is under way, and sends a file in pieces, each when the one before has arrived.
(() => {
  'use strict';
  const lost = document.getElementById('lost');
  const say = document.getElementById('say');
  const now = () => document.getElementById('now');
  let timer = 0;
  let misses = 0;

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, misses > 0 || now().dataset.busy ? 2000 : 30000);
  }

  async function look() {
    clearTimeout(timer);
    try {
      const answer = await fetch('/update', { cache: 'no-store', signal: AbortSignal.timeout(10000) });
      if (answer.redirected) {
        location.reload(); // to the login
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('now');
      if (!fresh) throw new Error('no page');
      const old = now();
      const settled = old.dataset.busy && !fresh.dataset.busy;
      const held = old.contains(document.activeElement) && document.activeElement !== document.body;
      if (old.dataset.say !== fresh.dataset.say) say.textContent = fresh.dataset.say;
      if (!held && old.outerHTML !== fresh.outerHTML) old.replaceWith(document.adoptNode(fresh));
      lost.hidden = true;
      misses = 0;
      if (settled && document.getElementById('sending').hidden) location.reload(); // what is newer is another now
    } catch {
      misses += 1;
      if (misses > 1) lost.hidden = false;
    }
    plan();
  }

  const form = document.getElementById('upload');
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

  // refused is an answer that trying again does not change.
  class Refused extends Error {}

  async function ask(path, options) {
    const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(60000), ...options });
    if (answer.ok) return answer.json();
    const there = answer.headers.get('Upload-Offset');
    if (answer.status === 409 && there !== null) return { size_bytes: Number(there) };
    const words = await answer.json().then((p) => p.detail, () => 'The device answered ' + answer.status + '.');
    throw answer.status === 429 || answer.status === 503 ? new Error(words) : new Refused(words);
  }

  // patient asks again for as long as the device does not answer, with longer and longer pauses.
  async function patient(work, told) {
    for (let miss = 0; ; miss += 1) {
      try {
        return await work();
      } catch (e) {
        if (e instanceof Refused || miss > 20) throw e;
        told();
        await pause(Math.min(1000 * 2 ** miss, 15000));
      }
    }
  }

  async function send(file, bar, sent) {
    const waits = () => { sent.textContent = 'The device does not answer; this goes on where it was when it does.'; };
    const mark = [file.name, file.size, file.lastModified].join('/');
    let at = 0;
    if (localStorage.getItem('upload') === mark) {
      const known = await patient(() => ask('/api/v1/update'), waits);
      at = known.upload && !known.upload.whole && known.upload.size_bytes < file.size ? known.upload.size_bytes : 0;
    }
    if (at === 0) await patient(() => ask('/api/v1/update/upload', { method: 'DELETE' }), waits);
    localStorage.setItem('upload', mark);
    const piece = Number(form.dataset.piece);
    while (at < file.size) {
      const body = file.slice(at, at + piece);
      const from = at;
      at = (await patient(() => ask('/api/v1/update/upload?offset=' + from, { method: 'PUT', body, headers: { 'Content-Type': 'application/octet-stream' } }), waits)).size_bytes;
      if (at > file.size) throw new Refused('Another file is being sent to this device. Please begin again.');
      bar.value = (100 * at) / file.size;
      sent.textContent = Math.floor(bar.value) + ' % of ' + (file.size / 1e6).toFixed(1) + ' MB are sent.';
    }
    await patient(() => ask('/api/v1/update', { method: 'POST', body: JSON.stringify({ do: 'apply', from: 'upload' }), headers: { 'Content-Type': 'application/json' } }), waits);
    localStorage.removeItem('upload');
  }

  if (form) {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const file = document.getElementById('tar').files[0];
      const button = form.querySelector('button');
      const box = document.getElementById('sending');
      const sent = document.getElementById('sent');
      box.hidden = false;
      sent.className = '';
      if (!file || file.size === 0 || file.size > Number(form.dataset.most)) {
        sent.className = 'wrong';
        sent.textContent = 'This file is empty, or larger than ' + Number(form.dataset.most) / 1e6 + ' MB.';
        return;
      }
      button.disabled = true;
      try {
        await send(file, box.querySelector('progress'), sent);
        sent.textContent = 'All of it is sent; it is being checked.';
        form.reset();
        await look();
      } catch (e) {
        sent.className = 'wrong';
        sent.textContent = e instanceof Refused ? e.message : 'The device did not answer for too long. Send the same file again: it goes on where it was.';
      }
      button.disabled = false;
    });
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) look();
  });
  addEventListener('online', look);
  plan();
})();

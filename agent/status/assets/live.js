// Replaces what the page shows whenever the agent says that the shop has changed. Without this
// script the page is complete, only not live.
const main = document.getElementById('main');
const events = new EventSource('/events');

events.addEventListener('status', event => {
  const { title, html } = JSON.parse(event.data);
  document.title = title;
  main.innerHTML = html;
  document.body.classList.remove('stale');
});
events.addEventListener('error', () => document.body.classList.add('stale'));

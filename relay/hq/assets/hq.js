// Comfort only: every page works without this. Long lists can be narrowed by typing, and lists that
// depend on another field show only what belongs to its choice.
for (const select of document.querySelectorAll('select[data-depends-on]')) {
  const other = document.getElementById(select.dataset.dependsOn);
  const groups = [...select.querySelectorAll('optgroup')];
  const show = () => {
    const key = other?.value ?? '';
    for (const group of groups) {
      const belongs = key === '' || group.dataset.key === key;
      group.hidden = !belongs;
      group.disabled = !belongs;
    }
    if (select.selectedOptions[0]?.parentElement?.disabled) select.value = '';
  };
  other?.addEventListener('change', show);
  show();
}

for (const select of document.querySelectorAll('select[data-filter]')) {
  const box = document.createElement('input');
  box.type = 'search';
  box.className = 'filter-box';
  box.placeholder = 'Find…';
  // Not the field's own label: that names the list alone.
  box.setAttribute('aria-label', 'Type to narrow the list');
  box.setAttribute('aria-controls', select.id);
  box.addEventListener('input', () => {
    const wanted = box.value.trim().toLowerCase();
    for (const option of select.options) {
      const fits = option.value === '' || option.text.toLowerCase().includes(wanted);
      option.hidden = !fits && !option.selected;
    }
  });
  box.addEventListener('keydown', event => {
    if (event.key === 'Enter') event.preventDefault();
  });
  const row = document.createElement('div');
  row.className = 'with-filter';
  select.before(row);
  row.append(box, select);
}

// A month that does not fit begins at its newest day.
for (const month of document.querySelectorAll('.scroll')) {
  const columns = [...month.querySelectorAll('.day')].map(day => day.closest('td'));
  const newest = columns.reduce((a, b) => (a && a.cellIndex >= b.cellIndex ? a : b), null);
  newest?.scrollIntoView({ block: 'nearest', inline: 'end' });
}

// What the page is made from, and what is looked at now.

const data = JSON.parse(document.getElementById("data").textContent);
const { nights, rules } = data;
const box = document.getElementById("grid-box");
const tools = document.getElementById("grid-tools");
const panel = document.getElementById("panel");
const tip = document.getElementById("tip");
const tonight = nights.length - 1;

// By letter of the data: what it is called, its style, and its sign for who sees no colour.
const STATES = {
  ".": ["held", "s-held", ""],
  "!": ["broken", "s-broken", "✕"],
  "*": ["notice", "s-notice", "!"],
  "?": ["could not check", "s-could", "?"],
  "-": ["not checked", "s-idle", "–"],
  " ": ["not there yet", "s-none", ""],
};
const OUTCOMES = {
  "no-drift": "no drift", additive: "additive", behavioural: "behavioural", breaking: "breaking",
  "could-not-check": "could not check", incomplete: "did not come to its end",
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LEAST = 3; // pixels of the narrowest column that can still be pointed at
const WIDE = 18; // pixels of a column that has room for a sign

const day = (night) => {
  const [year, month, date] = nights[night][1].slice(0, 10).split("-").map(Number);
  return `${date} ${MONTHS[month - 1]} ${year}`;
};
const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}
const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

const view = { status: "", operation: "", version: "", text: "", across: 0, end: tonight, row: 0, night: tonight };
let shown = rules; // rules that pass the filters
let span = [0, tonight]; // nights in view
let table = null;

const letter = (rule, night) => rule.states[night];

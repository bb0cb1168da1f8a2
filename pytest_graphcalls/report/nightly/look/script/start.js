// Everything outside the grid, and the beginning.

function addCopies(root) {
  for (const command of root.querySelectorAll(".command")) {
    if (command.querySelector(".copy")) continue;
    const text = command.querySelector("pre");
    const button = make("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    command.append(button);
  }
}

function follow() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target?.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}

addEventListener("hashchange", follow);
addEventListener("beforeprint", () => document.querySelectorAll("#differences details").forEach((one) => { one.open = true; }));
build();
addCopies(document);
follow();

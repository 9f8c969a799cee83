"use strict";

// A small web service that computes its price list on the event loop: every few seconds nothing else runs meanwhile.
// It prints "ready PORT", then its log, and ends when its input does: the lab holds the other end.

const http = require("node:http");

const BLOCK_EVERY_MS = 4000;
const BLOCK_MS = 1500;
const priceLists = [];

function computePriceList(until) {
  let rounds = 0;
  let digest = 1;
  while (Date.now() < until) {
    digest = (digest * 48271) % 2147483647;
    rounds += 1;
  }
  return { digest, rounds };
}

function refreshPrices() {
  const start = Date.now();
  const list = computePriceList(start + BLOCK_MS);
  if (priceLists.length < 2000) {
    priceLists.push({ ...list, customers: new Array(500).fill(`customer ${list.digest}`) });
  }
  console.log(`price list computed in ${Date.now() - start} ms; the event loop was blocked; ${priceLists.length} lists kept`);
}

const server = http.createServer((request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ lists: priceLists.length }));
});

server.listen(0, "127.0.0.1", () => {
  console.log(`ready ${server.address().port}`);
  console.log(`prices listens; cache at ${process.env.REDIS_URL || "none"}`);
  setInterval(refreshPrices, BLOCK_EVERY_MS);
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

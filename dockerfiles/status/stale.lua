-- Tells the page (its SSI reads STALE) that the watch, which replaces it every five minutes, has fallen silent.
local page = lighty.c.stat("/status/index.html")
if page and os.time() - page.st_mtime > 15 * 60 then
    lighty.r.req_env["STALE"] = "1"
end

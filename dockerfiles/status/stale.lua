-- Tells the page (its SSI reads STALE) that the watch, which replaces it every five minutes, has fallen silent,
-- or that its clock was ahead.
local page = lighty.c.stat("/status/index.html")
if page and math.abs(os.time() - page.st_mtime) > 15 * 60 then
    lighty.r.req_env["STALE"] = "1"
end

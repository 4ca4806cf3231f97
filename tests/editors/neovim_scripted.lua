-- A language server inside Neovim for tests of the plugin: it answers what the test says, and keeps what it was told.
-- _G.scripted: `answer` = { texts, right = n }, `hold` = true: answers wait for release(); `heard` = messages.

_G.scripted = { answer = { texts = {} }, hold = false, heard = {}, held = {}, encoding = 'utf-8', number = 0 }

local function items(params)
  local answer, at, found = scripted.answer, params.position, {}
  for _, text in ipairs(answer.texts) do
    scripted.number = scripted.number + 1
    local id = 'item-' .. scripted.number
    found[#found + 1] = {
      insertText = text,
      range = { start = at, ['end'] = { line = at.line, character = at.character + (answer.right or 0) } },
      command = { title = 'accepted', command = 'lspExperts.accepted', arguments = { id } },
    }
  end
  return { items = found }
end

function scripted.release()
  local held = scripted.held
  scripted.held = {}
  for _, answer in ipairs(held) do
    answer()
  end
end

--- The messages of a method, oldest first.
function scripted.told(method)
  local found = {}
  for _, message in ipairs(scripted.heard) do
    if message.method == method then
      found[#found + 1] = message.params
    end
  end
  return found
end

function scripted.status(status)
  scripted.dispatchers.notification('lspExperts/status', status)
end

return function(dispatchers)
  local closing, last = false, 0
  scripted.dispatchers = dispatchers
  local function heard(method, params)
    table.insert(scripted.heard, { method = method, params = params and vim.deepcopy(params) or {} })
  end
  local answers = {
    initialize = function()
      return {
        capabilities = {
          positionEncoding = scripted.encoding,
          textDocumentSync = { openClose = true, change = 2 },
          completionProvider = { triggerCharacters = { '.' } },
          inlineCompletionProvider = vim.empty_dict(),
          executeCommandProvider = { commands = { 'lspExperts.accepted' } },
        },
      }
    end,
    ['textDocument/inlineCompletion'] = items,
    ['lspExperts/status'] = function()
      return scripted.known_status
    end,
  }
  return {
    request = function(method, params, callback)
      last = last + 1
      heard(method, params)
      local result = answers[method] and answers[method](params) or vim.NIL
      if scripted.hold and method == 'textDocument/inlineCompletion' then
        table.insert(scripted.held, function()
          callback(nil, result)
        end)
      else
        callback(nil, result)
      end
      return true, last
    end,
    notify = function(method, params)
      heard(method, params)
      if method == 'exit' then
        closing = true
        dispatchers.on_exit(0, 0)
      end
      return true
    end,
    is_closing = function()
      return closing
    end,
    terminate = function()
      closing = true
    end,
  }
end

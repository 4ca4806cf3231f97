" Ghost text: what the server suggests stands dimmed at the cursor until it is accepted or something else is typed.

let s:TYPE = 'lsp_experts_ghost_text'
let s:RETRY_MS = 500
let s:shown = {}  " items, index, buffer, and where: line, column; empty while nothing is shown
let s:timer = -1

if empty(prop_type_get(s:TYPE))
    call prop_type_add(s:TYPE, {'highlight': 'LspExpertsGhostText'})
endif

" Something was typed: ask after a pause.
function! lsp_experts#ghost_text#typed() abort
    call lsp_experts#ghost_text#dismiss()

    if lsp_experts#client#serves()
        let s:timer = timer_start(g:lsp_experts_delay_ms, {-> lsp_experts#ghost_text#ask(0)})
    endif
endfunction

" The cursor went elsewhere, a popup opened or Insert mode ended.
function! lsp_experts#ghost_text#moved() abort
    if !empty(s:shown) && (s:where() != s:shown.where || pumvisible() || mode() isnot# 'i')
        call lsp_experts#ghost_text#dismiss()
    endif
endfunction

" Take away what is shown, and forget a question that was not asked yet.
function! lsp_experts#ghost_text#dismiss() abort
    call timer_stop(s:timer)

    if !empty(s:shown)
        call prop_remove({'type': s:TYPE, 'bufnr': s:shown.where[0], 'all': v:true})
        let s:shown = {}
    endif
endfunction

function! lsp_experts#ghost_text#visible() abort
    return !empty(s:shown)
endfunction

" Ask the server, by hand or not; by hand it always answers, with several choices.
function! lsp_experts#ghost_text#ask(by_hand) abort
    if mode() isnot# 'i' || pumvisible() || !lsp_experts#client#serves()
        return
    endif

    let l:asked = s:where()
    let l:params = extend(lsp_experts#text#place(), {'context': {'triggerKind': a:by_hand ? 1 : 2}})
    call lsp_experts#client#request('textDocument/inlineCompletion', l:params, {result ->
    \   s:where() == l:asked && mode() is# 'i' && !pumvisible() ? s:answered(result, l:asked) : 0})
endfunction

function! s:answered(result, asked) abort
    let l:items = type(a:result) is v:t_dict ? a:result.items : []

    if !empty(l:items)
        call s:show({'items': l:items, 'index': 0, 'where': a:asked})
    else
        call lsp_experts#client#request('lspExperts/status', {}, {status ->
        \   s:where() == a:asked && lsp_experts#status#silence(status) is# 'loading' ? s:ask_again() : 0})
    endif
endfunction

function! s:ask_again() abort
    let s:timer = timer_start(s:RETRY_MS, {-> lsp_experts#ghost_text#ask(0)})
endfunction

" The next of several choices.
function! lsp_experts#ghost_text#next() abort
    if !empty(s:shown)
        let l:next = extend(copy(s:shown), {'index': (s:shown.index + 1) % len(s:shown.items)})
        call lsp_experts#ghost_text#dismiss()
        call s:show(l:next)
    endif
endfunction

function! s:show(suggestion) abort
    let l:item = a:suggestion.items[a:suggestion.index]
    let l:plain = substitute(l:item.insertText, "\t", repeat(' ', &tabstop), 'g')
    let l:lines = split(l:plain, '\r\n\|\n\|\r', 1)
    let s:shown = a:suggestion
    call prop_add(line('.'), col('.'), {'type': s:TYPE, 'text': l:lines[0]})

    for l:line in l:lines[1:]
        call prop_add(line('.'), 0, {'type': s:TYPE, 'text': empty(l:line) ? ' ' : l:line, 'text_align': 'below'})
    endfor

    call lsp_experts#client#notify('textDocument/didShowCompletion', {'item': l:item})
endfunction

" The text to insert: "all" of what is shown, its first "word" or "line". Told to the server.
function! lsp_experts#ghost_text#accept(part) abort
    if empty(s:shown)
        return ''
    endif

    let l:item = s:shown.items[s:shown.index]
    let l:pattern = {'all': '^\_.*', 'word': '^\_s*\%(\k\+\|[^[:keyword:][:space:]]\+\)', 'line': '^\n\?[^\n]*'}[a:part]
    let l:text = matchstr(l:item.insertText, l:pattern)
    call lsp_experts#ghost_text#dismiss()

    if l:text is# l:item.insertText
        call s:replace_right(l:item)
        call lsp_experts#client#request('workspace/executeCommand', {
        \   'command': l:item.command.command, 'arguments': l:item.command.arguments}, {-> 0})
    else
        call lsp_experts#client#notify('textDocument/didPartiallyAcceptCompletion', {
        \   'item': l:item, 'acceptedLength': lsp_experts#text#units(l:text)})
    endif

    return l:text
endfunction

" What stands right of the cursor and is part of the suggestion goes.
function! s:replace_right(item) abort
    let l:before = strpart(getline('.'), 0, col('.') - 1)
    let l:behind = lsp_experts#text#behind(getline('.'), a:item.range.end.character)

    if l:before . l:behind isnot# getline('.')
        call setline('.', l:before . l:behind)
    endif
endfunction

function! s:where() abort
    return [bufnr(''), line('.'), col('.'), b:changedtick]
endfunction

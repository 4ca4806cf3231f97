" ALE's side: a linter of the name lsp_experts for each file type, and messages through its connection.

let s:NAME = 'lsp_experts'

" Define the linter. ALE asks the first server that is ready for its popup, so ours comes behind the others.
function! lsp_experts#ale#register() abort
    for l:filetype in g:lsp_experts_filetypes
        call ale#linter#GetAll([l:filetype])
        call ale#linter#Define(l:filetype, {
        \   'name': s:NAME,
        \   'lsp': 'stdio',
        \   'executable': g:lsp_experts_command[0],
        \   'command': join(['%e'] + map(g:lsp_experts_command[1:], 'ale#Escape(v:val)')),
        \   'language': {buffer -> getbufvar(buffer, '&filetype')},
        \   'project_root': {buffer -> lsp_experts#text#root(buffer)},
        \   'initialization_options': {-> g:lsp_experts_settings},
        \})
    endfor
endfunction

function! lsp_experts#ale#focus(params) abort
    call s:send([1, 'textDocument/didFocus', a:params])
endfunction

function! lsp_experts#ale#notify(method, params) abort
    call s:send([1, a:method, a:params])
endfunction

function! lsp_experts#ale#request(method, params, Answered) abort
    call s:send([0, a:method, a:params], {response -> a:Answered(get(response, 'result', v:null))})
endfunction

" ALE sends what was typed only when it lints or completes, so that is done first.
function! s:send(message, ...) abort
    let l:buffer = bufnr('')
    let l:linters = filter(ale#linter#GetAll([&filetype]), 'v:val.name is# s:NAME')

    if !get(g:, 'ale_enabled', 1) || !get(b:, 'ale_enabled', 1) || empty(l:linters)
        return
    endif

    let l:arguments = [l:buffer, s:NAME, a:message] + a:000
    call ale#lsp_linter#StartLSP(l:buffer, l:linters[0], {_, details -> [
    \   ale#lsp#NotifyForChanges(details.connection_id, l:buffer),
    \   call('ale#lsp_linter#SendRequest', l:arguments),
    \]})
endfunction

" The language client that carries our messages: ALE or vim-lsp, whichever is installed; ALE where both are.

let s:client = !empty(globpath(&runtimepath, 'autoload/ale/linter.vim')) ? 'ale'
\   : !empty(globpath(&runtimepath, 'autoload/lsp.vim')) ? 'vim_lsp' : ''
let s:warned = 0

" 'ale', 'vim_lsp' or ''.
function! lsp_experts#client#name() abort
    return s:client
endfunction

" Make the server known to the client.
function! lsp_experts#client#register() abort
    if !empty(s:client)
        call lsp_experts#{s:client}#register()
    endif
endfunction

" Whether the current buffer is one for the server. Says once what is missing, if anything is.
function! lsp_experts#client#serves() abort
    if !empty(&buftype) || index(g:lsp_experts_filetypes, &filetype) < 0
        return 0
    endif

    let l:missing = empty(s:client) ? 'install ALE or vim-lsp, which start language servers.'
    \   : !executable(g:lsp_experts_command[0])
    \   ? printf('%s was not found: pipx install . in a checkout, or set g:lsp_experts_command.', g:lsp_experts_command[0])
    \   : ''

    if !empty(l:missing) && !s:warned
        let s:warned = 1
        echomsg 'LSP Experts: ' . l:missing
    endif

    return empty(l:missing)
endfunction

" Tell the server which document is worked on: its expert is loaded before the first keystroke.
function! lsp_experts#client#focus() abort
    if lsp_experts#client#serves()
        call lsp_experts#{s:client}#focus({'textDocument': {'uri': lsp_experts#text#uri()}})
    endif
endfunction

" Send a request about the current buffer, with its newest text; `Answered` is called with the result.
function! lsp_experts#client#request(method, params, Answered) abort
    call lsp_experts#{s:client}#request(a:method, a:params, a:Answered)
endfunction

" Send a notification, where the client can.
function! lsp_experts#client#notify(method, params) abort
    call lsp_experts#{s:client}#notify(a:method, a:params)
endfunction

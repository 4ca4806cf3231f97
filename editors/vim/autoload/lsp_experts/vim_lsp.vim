" vim-lsp's side: the server is registered for all our file types, and requests go through its own queue.

let s:NAME = 'lsp-experts'

function! lsp_experts#vim_lsp#register() abort
    autocmd User lsp_setup call lsp#register_server(lsp_experts#vim_lsp#server())
endfunction

" What vim-lsp wants to know of a server.
function! lsp_experts#vim_lsp#server() abort
    return {
    \   'name': s:NAME,
    \   'cmd': {_ -> g:lsp_experts_command},
    \   'allowlist': g:lsp_experts_filetypes,
    \   'root_uri': {_ -> lsp#utils#path_to_uri(lsp_experts#text#root(bufnr('')))},
    \   'initialization_options': g:lsp_experts_settings,
    \}
endfunction

" vim-lsp opens the document by itself, and that tells the server as much.
function! lsp_experts#vim_lsp#focus(params) abort
endfunction

" It has no way to send a notification of one's own.
function! lsp_experts#vim_lsp#notify(method, params) abort
endfunction

function! lsp_experts#vim_lsp#request(method, params, Answered) abort
    call lsp#send_request(s:NAME, {
    \   'method': a:method,
    \   'params': a:params,
    \   'bufnr': bufnr(''),
    \   'on_notification': {data -> a:Answered(get(get(data, 'response', {}), 'result', v:null))},
    \})
endfunction

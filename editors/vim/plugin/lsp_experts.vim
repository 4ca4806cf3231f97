" Starts LSP Experts through ALE or vim-lsp, and shows what it suggests as ghost text (Vim 9.0.0185 or newer).

if exists('g:loaded_lsp_experts')
    finish
endif

let g:loaded_lsp_experts = 1
let g:lsp_experts_command = get(g:, 'lsp_experts_command', ['lsp-experts', 'serve'])
let g:lsp_experts_settings = get(g:, 'lsp_experts_settings', {})
let g:lsp_experts_delay_ms = get(g:, 'lsp_experts_delay_ms', 75)
let g:lsp_experts_ghost_text = get(g:, 'lsp_experts_ghost_text', 1)
let g:lsp_experts_filetypes = get(g:, 'lsp_experts_filetypes', [
\   'go', 'html', 'css', 'javascript', 'typescript', 'python', 'rust', 'java', 'kotlin', 'c', 'cpp', 'sql', 'sh',
\   'ruby', 'php', 'lua', 'javascriptreact', 'typescriptreact', 'scss', 'less', 'vue', 'svelte', 'markdown', 'bash',
\   'zsh',
\])

command! LspExpertsStatus call lsp_experts#status#show()

" Before any FileType event: ALE looks for its linters there.
call lsp_experts#client#register()

augroup lsp_experts
    autocmd!
    autocmd BufEnter,FileType * call lsp_experts#client#focus()

    if g:lsp_experts_ghost_text && has('textprop') && has('patch-9.0.0185')
        autocmd TextChangedI * call lsp_experts#ghost_text#typed()
        autocmd CursorMovedI,InsertLeave,CompleteChanged,BufLeave * call lsp_experts#ghost_text#moved()
    endif
augroup END

highlight default link LspExpertsGhostText Comment

inoremap <silent> <Plug>(lsp-experts-accept) <C-R><C-O>=lsp_experts#ghost_text#accept('all')<CR>
inoremap <silent> <Plug>(lsp-experts-accept-word) <C-R><C-O>=lsp_experts#ghost_text#accept('word')<CR>
inoremap <silent> <Plug>(lsp-experts-accept-line) <C-R><C-O>=lsp_experts#ghost_text#accept('line')<CR>
inoremap <silent> <Plug>(lsp-experts-next) <Cmd>call lsp_experts#ghost_text#next()<CR>
inoremap <silent> <Plug>(lsp-experts-dismiss) <Cmd>call lsp_experts#ghost_text#dismiss()<CR>
inoremap <silent> <Plug>(lsp-experts-ask) <Cmd>call lsp_experts#ghost_text#ask(1)<CR>

if empty(maparg('<Tab>', 'i')) && g:lsp_experts_ghost_text
    imap <silent><expr> <Tab> lsp_experts#ghost_text#visible() ? "\<Plug>(lsp-experts-accept)" : "\<Tab>"
endif

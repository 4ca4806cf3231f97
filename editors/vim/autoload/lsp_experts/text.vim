" Places and text between Vim, which counts bytes, and the protocol, which counts UTF-16 units unless ALE speaks it.

" The current buffer as a URI.
function! lsp_experts#text#uri() abort
    let l:path = substitute(expand('%:p'), '\\', '/', 'g')
    let l:plain = substitute(l:path, '[^A-Za-z0-9/_.~:-]', '\=s:percent(submatch(0))', 'g')

    return 'file://' . (l:plain =~# '^/' ? '' : '/') . l:plain
endfunction

function! s:percent(character) abort
    return join(map(range(len(a:character)), 'printf("%%%02X", char2nr(a:character[v:val], 0))'), '')
endfunction

" The folder a buffer belongs to: the one that holds .git above it, else its own.
function! lsp_experts#text#root(buffer) abort
    let l:folder = fnamemodify(bufname(a:buffer), ':p:h')
    let l:git = finddir('.git', escape(l:folder, ' \;,') . ';')

    return empty(l:git) ? l:folder : fnamemodify(l:git, ':p:h:h')
endfunction

" Length in UTF-16 units.
function! lsp_experts#text#units(text) abort
    return strchars(a:text) + strchars(substitute(a:text, '[\x01-\uffff]', '', 'g'))
endfunction

" Length in columns of a position: bytes with ALE, whose own messages count so, which the server knows.
function! s:columns(text) abort
    return lsp_experts#client#name() is# 'ale' ? len(a:text) : lsp_experts#text#units(a:text)
endfunction

" The end of `text` behind so many columns.
function! lsp_experts#text#behind(text, columns) abort
    let l:left = a:columns

    for l:index in range(strchars(a:text))
        if l:left <= 0
            return strcharpart(a:text, l:index)
        endif

        let l:left -= s:columns(strcharpart(a:text, l:index, 1))
    endfor

    return ''
endfunction

" The cursor's position, and the document it is in.
function! lsp_experts#text#place() abort
    return {
    \   'textDocument': {'uri': lsp_experts#text#uri()},
    \   'position': {
    \       'line': line('.') - 1,
    \       'character': s:columns(strpart(getline('.'), 0, col('.') - 1)),
    \   },
    \}
endfunction

//! `cairn completions` and `cairn man`.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::stage::Folder;

#[test]
fn completions_are_written_for_each_shell_and_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.run(&["completions", shell]);
        for word in ["wallet", "multisig", "verify-message", "completions", "preimage-file"] {
            assert!(script.success().contains(word), "{shell} does not know {word:?}");
        }
        folder.write(shell, script.success());
        // Not every machine has all of them.
        if let Ok(checked) = Command::new(shell).arg("-n").arg(folder.path(shell)).output() {
            assert!(checked.status.success(), "{shell}: {checked:?}");
        }
    }
    assert!(folder.run(&["completions", "csh"]).failure(2).contains("[possible values: bash, zsh, fish]"));
}

#[test]
fn bash_completes_with_what_it_is_given() {
    let folder = Folder::new();
    folder.write("cairn.bash", folder.run(&["completions", "bash"]).success());
    let ask = "source ./cairn.bash; COMP_WORDS=(cairn wallet multi); COMP_CWORD=2; _cairn cairn multi wallet; echo ${COMPREPLY[@]}";
    let Ok(answer) = Command::new("bash").args(["-c", ask]).current_dir(folder.path(".")).output() else {
        return;
    };
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "multisig", "{answer:?}");
}

#[test]
fn every_command_has_a_page() {
    let folder = Folder::new();
    folder.run(&["man", "--out", "pages/man1"]).success();
    let pages = fs::read_dir(folder.path("pages/man1")).unwrap();
    let pages: BTreeSet<String> =
        pages.flatten().map(|page| page.file_name().to_string_lossy().into_owned()).collect();
    for name in
        ["cairn.1", "cairn-wallet.1", "cairn-wallet-send.1", "cairn-wallet-multisig-create.1", "cairn-man.1"]
    {
        assert!(pages.contains(name), "{name} is not among {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("help")), "{pages:?}");
    let page = folder.text("pages/man1/cairn-wallet-sign.1");
    assert!(page.starts_with(".ie") && page.contains("Asks no node"), "{page}");
    assert_eq!(folder.run(&["man"]).success(), folder.text("pages/man1/cairn.1"));
    folder.write("file", "");
    assert!(folder.run(&["man", "--out", "file/below"]).failure(1).contains("cannot write to file/below"));
}

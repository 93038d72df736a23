#!/usr/bin/env bash
# System.Formats.Tar of .NET 10, with archives of GNU tar.
#
# One would guess: TarReader reads what GNU tar writes, or throws. Values of extended attributes arrive as they were stored.
# What is so:
#  - A sparse file of `tar --sparse --format=pax` is read without an error as another file: its name is a made-up
#    "GNUSparseFile.N/...", its length is that of the stored pieces plus their map, and its holes are gone.
#  - A sparse file of `tar --sparse --format=gnu` throws NotSupportedException in the midst of the archive.
#  - A value of an extended attribute is a string that was decoded as UTF-8: each byte that is not UTF-8 becomes U+FFFD.
#    A file capability of a user namespace (version 3, root id 200) loses its root id's byte 0xC8.
#
# An unpacker of container layers that trusts the reader writes wrong files and drops such capabilities without a word.
# Needs: the .NET SDK 10, GNU tar, setcap (package libcap2-bin), root.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > read.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
XML
cat > read.cs <<'CS'
using System.Formats.Tar;
using System.Text;

using var archive = File.OpenRead(args[0]);
using var reader = new TarReader(archive);
try
{
    while (reader.GetNextEntry() is { } entry)
    {
        Console.WriteLine($"{entry.EntryType} {entry.Name} {entry.Length}");
        if (entry is PaxTarEntry pax
            && pax.ExtendedAttributes.TryGetValue("SCHILY.xattr.security.capability", out var value))
            Console.WriteLine($"capability {Convert.ToHexString(Encoding.UTF8.GetBytes(value))}");
    }
}
catch (NotSupportedException failure)
{
    Console.WriteLine($"NotSupportedException: {failure.Message}");
}
CS
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build -v quiet --nologo > build.log 2>&1 || { cat build.log; exit 1; }

mkdir tree
truncate -s 1M tree/disk
printf 'end' >> tree/disk
cp /bin/true tree/tool
setcap -n 200 cap_net_raw+ep tree/tool
tar --format=pax --sparse -cf pax.tar tree/disk
tar --format=gnu --sparse -cf gnu.tar tree/disk
tar --format=pax --xattrs --xattrs-include='security.*' -cf capability.tar tree/tool
stored=$(getfattr --only-values -n security.capability tree/tool | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)

printf '.NET %s, %s\n' "$(dotnet --list-runtimes | awk '/Microsoft.NETCore.App 10/ { print $2; exit }')" "$(tar --version | head -1)"
failed=0
expect() {
  local what=$1 output=$2 pattern=$3
  printf '%s: %s\n' "$what" "$output"
  grep -qE "$pattern" <<< "$output" || { printf '  CHANGED: no longer matches %s\n' "$pattern"; failed=1; }
}
expect "pax, sparse, 1048579 bytes" "$(dotnet bin/Debug/net10.0/read.dll pax.tar)" '^RegularFile tree/GNUSparseFile\.[0-9]+/disk [0-9]{1,4}$'
expect "gnu, sparse, 1048579 bytes" "$(dotnet bin/Debug/net10.0/read.dll gnu.tar)" '^NotSupportedException: '
printf 'stored in the file system: %s\n' "$stored"
expect "capability of root id 200" "$(dotnet bin/Debug/net10.0/read.dll capability.tar)" '^capability .*EFBFBD'
exit $failed

#!/usr/bin/env bash
# .NET 10: source-generated System.Text.Json in a program that is compiled ahead of time (PublishReadyToRun).
#
# One would guess: with the source generator and ReadyToRun there is nothing left to compile at run time; to touch a type of
# the context costs little.
# What is so: the serializer's own generic classes over value types of the program (JsonPropertyInfo<Id>, JsonConverter<Id>,
# ...) are code of the framework, outside the program's version bubble. Nothing compiles them ahead. To touch the type info
# of one record (Context.Default.Order, nothing is written or read) compiles some eighty methods for each value type that is
# a property of it. A table of all formats that a program writes, filled at its start, is thousands of methods.
#
# What helps: touch each type info when it is first used.
# Needs: the .NET SDK 10.
set -euo pipefail
. "$(dirname "$0")/lib/dotnet.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

project formats
sed -i 's|</PropertyGroup>|<PublishReadyToRun>true</PublishReadyToRun><SelfContained>false</SelfContained></PropertyGroup>|' \
  formats.csproj
cat > formats.cs <<'CS'
using System.Text.Json.Serialization;

if (args is ["touch"])
    Console.WriteLine(Context.Default.Order.Type.Name);
else
    Console.WriteLine("nothing");

public readonly record struct A(int Value);
public readonly record struct B(int Value);
public readonly record struct C(int Value);
public readonly record struct D(int Value);
public sealed record Order(A A, B B, C C, D D);

[JsonSerializable(typeof(Order))]
public sealed partial class Context : JsonSerializerContext;
CS
dotnet publish -c Release -r linux-x64 -o out -v quiet --nologo > build.log 2>&1 || { cat build.log >&2; exit 1; }
compiled() {
  DOTNET_TieredPGO=0 DOTNET_JitStdOutFile="$work/$1.txt" DOTNET_JitDisasmSummary=1 dotnet out/formats.dll "$1" > /dev/null
  grep -c 'JIT compiled System\.Text\.Json' "$1.txt" || true
}
nothing=$(compiled nothing)
touched=$(compiled touch)
echo ".NET $(dotnet --list-runtimes | sed -n 's/^Microsoft.NETCore.App \(10[^ ]*\).*/\1/p' | tail -n1), ReadyToRun"
echo "methods of System.Text.Json compiled at run time: $nothing before, $touched with one record of four value types touched"
((nothing < 20 && touched > 100))

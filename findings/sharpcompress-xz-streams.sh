#!/bin/bash
# SharpCompress reads only the first stream of an .xz file, and reports success.
#
# One would guess: an .xz file may hold several streams, one behind the other (the format's section 2; `cat a.xz b.xz`,
# pixz and pxz make such files). SharpCompress's own BZip2 reader, GZipStream and xz read all of them, so its XZStream
# should as well, or throw.
# What is so: the end of the first stream is the end of the data. No exception, no flag: what follows is missing.
# Needs: the .NET SDK 10, xz, bzip2.
set -euo pipefail
version=0.50.8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > streams.csproj <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="SharpCompress" Version="$version" /></ItemGroup>
</Project>
EOF
cat > Program.cs <<'EOF'
using SharpCompress.Compressors;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.Xz;

Console.WriteLine($"xz {Count(new XZStream(File.OpenRead("both.xz")))}");
Console.WriteLine($"bzip2 {Count(BZip2Stream.Create(File.OpenRead("both.bz2"), CompressionMode.Decompress, true))}");

static long Count(Stream stream)
{
    using var all = new MemoryStream();
    stream.CopyTo(all);
    return all.Length;
}
EOF
head -c 1000000 /dev/zero > one
head -c 500000 /dev/zero > two
{ xz -c one; xz -c two; } > both.xz
{ bzip2 -c one; bzip2 -c two; } > both.bz2
dotnet build -v quiet --nologo > build.log || { cat build.log; exit 1; }
seen=$(dotnet bin/Debug/net10.0/streams.dll)
echo "SharpCompress $version, of 1500000 bytes in two streams:"
echo "$seen"
echo "$(xz --version | head -n 1): $(xz -dc both.xz | wc -c)"
if [ "$seen" = $'xz 1000000\nbzip2 1500000' ]; then
  echo "as found: the second xz stream is missing without an error"
else
  echo "changed: look at the head of this script"
  exit 1
fi

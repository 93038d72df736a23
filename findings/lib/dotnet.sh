# A console program of .NET 10 with pinned packages, in the current directory. Sourced. Needs the .NET SDK 10.
# shellcheck shell=bash
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# "project NAME PACKAGE=VERSION...": its project file; the program is NAME.cs.
project() {
  local name=$1 package
  shift
  {
    echo '<Project Sdk="Microsoft.NET.Sdk">'
    echo '  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>'
    echo '    <ImplicitUsings>enable</ImplicitUsings></PropertyGroup>'
    echo '  <ItemGroup>'
    for package in "$@"; do
      echo "    <PackageReference Include=\"${package%=*}\" Version=\"${package#*=}\" />"
    done
    echo '  </ItemGroup>'
    echo '</Project>'
  } > "$name.csproj"
}

# "run NAME ARGUMENT...": builds it once, and runs it.
run() {
  local name=$1
  shift
  [ -e "bin/Debug/net10.0/$name.dll" ] || dotnet build -v quiet --nologo > build.log 2>&1 || { cat build.log >&2; exit 1; }
  dotnet "bin/Debug/net10.0/$name.dll" "$@"
}

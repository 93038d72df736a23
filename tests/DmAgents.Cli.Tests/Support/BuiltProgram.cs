using System.Reflection;

namespace DmAgents.Cli.Tests.Support;

/// <summary>The built dmagent, for tests that need a process.</summary>
internal static class BuiltProgram
{
    public static string Directory { get; } = typeof(BuiltProgram).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "ProgramDirectory").Value!;
}

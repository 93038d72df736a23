using System.Runtime.CompilerServices;

namespace DmAgents.Agent.Tests;

/// <summary>Use cases are called by others than the API, and run on the simulated kernel: their sources know neither
/// gRPC nor the files of this host.</summary>
public sealed class UseCaseBordersTests
{
    private static readonly string[] Forbidden =
        ["Grpc", "RpcException", "StatusCode", "ServerCallContext", "LinuxFileTree", "IActorRef", "Akka"];

    [Theory]
    [InlineData("UseCases", 8)]
    [InlineData("Imports", 4)]
    public void A_use_case_knows_no_wire_no_actor_and_no_file_tree_of_the_host(string folder, int least)
    {
        var files = Directory.GetFiles(Path.Combine(Sources(), folder), "*.cs", SearchOption.AllDirectories);

        Assert.InRange(files.Length, least, int.MaxValue);
        Assert.Empty(
            from file in files
            from line in File.ReadLines(file)
            from word in Forbidden
            where line.Contains(word, StringComparison.Ordinal)
            select $"{Path.GetFileName(file)}: {line.Trim()}");
    }

    [Fact]
    public void Services_and_actors_are_apart() => Assert.Empty(
        from file in Directory.GetFiles(Path.Combine(Sources(), "Services"), "*.cs")
        from line in File.ReadLines(file)
        where line.Contains("using Akka", StringComparison.Ordinal)
        select $"{Path.GetFileName(file)}: {line}");

    private static string Sources([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "src", "DmAgents.Agent");
}

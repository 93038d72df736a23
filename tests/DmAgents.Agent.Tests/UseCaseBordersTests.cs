using System.Reflection;
using System.Runtime.CompilerServices;

namespace DmAgents.Agent.Tests;

/// <summary>Use cases are called by others than the API, and run on the simulated kernel: their sources know neither
/// the API's messages nor gRPC nor the files of this host. Services translate, and do nothing else.</summary>
public sealed class UseCaseBordersTests
{
    private static readonly string[] OfTheWire =
    [
        "DmAgents.Api", "Api.Admin", "Api.Containerd", "Google.Protobuf", "Grpc", "RpcException", "StatusCode",
        "ServerCallContext",
        // What belongs to a service speaks the wire's words, or throws its errors.
        "Agent.Services", "Agent.Containerd",
    ];

    private static readonly string[] OfTheHost = ["LinuxFileTree", "IActorRef", "Akka"];

    [Theory]
    [InlineData("UseCases", 20)]
    [InlineData("Imports", 8)]
    public void A_use_case_knows_no_wire_no_actor_and_no_file_tree_of_the_host(string folder, int least)
    {
        var files = Directory.GetFiles(Path.Combine(Sources(), folder), "*.cs", SearchOption.AllDirectories);

        Assert.InRange(files.Length, least, int.MaxValue);
        Assert.Empty(Found(files, [.. OfTheWire, .. OfTheHost]));
    }

    [Fact]
    public void No_use_case_gives_or_takes_a_message_of_the_wire() => Assert.Empty(
        from type in typeof(UseCases.PoolGateway).Assembly.GetTypes()
        where type.Namespace is "DmAgents.Agent.UseCases" or "DmAgents.Agent.Imports"
        from used in TypesOf(type)
        where used.Assembly.GetName().Name is "DmAgents.Api" or "Google.Protobuf" or "Grpc.Core.Api"
        select $"{type.Name}: {used}");

    [Fact]
    public void Services_know_no_actor_and_no_kernel() => Assert.Empty(Found(
        Directory.GetFiles(Path.Combine(Sources(), "Services"), "*.cs"),
        ["using Akka", "IKernel", "IDurableFiles", "BackingPlanner", "Domain.Pools.Effects"]));

    private static IEnumerable<string> Found(string[] files, string[] words) =>
        from file in files
        from line in File.ReadLines(file)
        from word in words
        where line.Contains(word, StringComparison.Ordinal)
        select $"{Path.GetFileName(file)}: {line.Trim()}";

    /// <summary>All types of a type's members, and of what these are made of.</summary>
    private static IEnumerable<Type> TypesOf(Type type)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public
            | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return type.GetFields(All).Select(field => field.FieldType)
            .Concat(type.GetMethods(All).SelectMany(method => Signature(method).Append(method.ReturnType)))
            .Concat(type.GetConstructors(All).SelectMany(Signature))
            .SelectMany(Parts);
    }

    private static IEnumerable<Type> Signature(MethodBase method) =>
        method.GetParameters().Select(parameter => parameter.ParameterType);

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType
        ? Parts(type.GetElementType()!)
        : type.GetGenericArguments().SelectMany(Parts).Append(type);

    private static string Sources([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "src", "DmAgents.Agent");
}

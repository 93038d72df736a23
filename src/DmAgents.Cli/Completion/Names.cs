using System.CommandLine.Completions;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;
using Grpc.Core;
using Grpc.Net.Client;

namespace DmAgents.Cli.Completion;

/// <summary>Completes names by asking the agent; silently returns none if the agent does not answer at once.</summary>
internal static class Names
{
    /// <summary>Enough for a busy machine to start this program cold; with a longer limit the shell would seem to
    /// hang.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    public delegate IEnumerable<string> Source(GrpcChannel channel, CallOptions options);

    public static IEnumerable<string> Pools(GrpcChannel channel, CallOptions options) =>
        new Api.Admin.V1.Pools.PoolsClient(channel).List(new ListPoolsRequest(), options)
            .Pools.Select(pool => pool.Name);

    public static IEnumerable<string> Images(GrpcChannel channel, CallOptions options) =>
        new Api.Admin.V1.Images.ImagesClient(channel).List(new ListImagesRequest(), options)
            .Images.Select(image => image.Reference);

    public static IEnumerable<string> Containers(GrpcChannel channel, CallOptions options) =>
        new Api.Admin.V1.Containers.ContainersClient(channel).List(new ListContainersRequest(), options)
            .Containers.Select(container => container.Name);

    public static IEnumerable<string> Layers(GrpcChannel channel, CallOptions options) =>
        new Api.Admin.V1.Layers.LayersClient(channel).List(new ListLayersRequest(), options)
            .Layers.Select(layer => layer.Key);

    public static IEnumerable<string> FleetHosts(GrpcChannel channel, CallOptions options) =>
        new Api.Admin.V1.Fleets.FleetsClient(channel).GetStatus(new GetFleetStatusRequest(), options)
            .Hosts.Where(host => host.Host.Length > 0 && !host.IsThisHost).Select(host => host.Host);

    public static Func<CompletionContext, IEnumerable<CompletionItem>> Of(CliShell shell, Source source) => context =>
    {
        try
        {
            using var channel = shell.Environment.Connect(shell.Global.SocketOf(context.ParseResult));
            var deadline = shell.Environment.Clock.GetUtcNow().UtcDateTime + _patience;
            return [.. source(channel, new CallOptions(deadline: deadline)).Distinct().Select(Item)];
        }
        catch (Exception failure) when (failure is RpcException or ArgumentException)
        {
            // No agent, or a path that is not a socket: there is nothing to offer, and completion must not print
            // errors.
            return [];
        }
    };

    private static CompletionItem Item(string name) => new(name);
}

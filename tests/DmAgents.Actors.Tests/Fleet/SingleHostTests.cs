using System.Reflection;
using System.Runtime.Loader;
using Akka.Actor;
using DmAgents.Actors.Fleet;

namespace DmAgents.Actors.Tests.Fleet;

/// <summary>A host that is in no fleet pays nothing for fleets.</summary>
public sealed class SingleHostTests
{
    private static readonly string[] _ofFleets =
    [
        "Akka.Remote", "Akka.Cluster", "Akka.Cluster.Tools", "Akka.Cluster.Sharding", "Akka.DistributedData",
        "DotNetty.Transport", "DotNetty.Handlers", "DotNetty.Common", "LightningDB", "Akka.Persistence.Sql", "linq2db", "Npgsql",
    ];

    /// <summary>What is not loaded has no type that is made, and no thread.</summary>
    [Fact]
    public async Task Neither_remoting_nor_cluster_is_loaded()
    {
        var copies = new OwnCopies();

        await copies.Run(nameof(SingleHost.LiveAsync));

        Assert.Contains("DmAgents.Actors", copies.Loaded);
        Assert.Contains("Akka", copies.Loaded);
        Assert.Empty(copies.Loaded.Intersect(_ofFleets));
    }

    /// <summary>The one above would see it.</summary>
    [Fact]
    public async Task Both_are_loaded_where_a_system_of_a_fleet_is_touched()
    {
        var copies = new OwnCopies();

        await copies.Run(nameof(SingleHost.TouchFleetAsync));

        Assert.Contains("Akka.Cluster", copies.Loaded);
    }

    [Fact]
    public void A_keeper_outside_a_fleet_waits_for_nothing_and_makes_no_timer()
    {
        var board = new FleetBoard();
        var keeper = new FleetKeeper(board, new NoTimers());

        var leaving = keeper.LeaveAsync(CancellationToken.None);

        Assert.True(leaving.IsCompletedSuccessfully);
        Assert.True(keeper.DisposeAsync().AsTask().IsCompletedSuccessfully);
        Assert.Equal("this host is in no fleet", board.Current.Words);
        Assert.NotNull(board.Current.RefuseChange("cannot", "change"));
    }

    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            throw new InvalidOperationException("a timer was made");
    }

    /// <summary>All that the tests were built with, loaded once more, so that what other tests have loaded does not
    /// count.</summary>
    private sealed class OwnCopies() : AssemblyLoadContext("single host")
    {
        public IEnumerable<string> Loaded => Assemblies.Select(assembly => assembly.GetName().Name!);

        public async Task Run(string method)
        {
            var tests = LoadFromAssemblyPath(typeof(SingleHost).Assembly.Location);
            await (Task)tests.GetType(typeof(SingleHost).FullName!)!.GetMethod(method)!.Invoke(null, null)!;
        }

        protected override Assembly? Load(AssemblyName name)
        {
            var path = Path.Combine(AppContext.BaseDirectory, $"{name.Name}.dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}

/// <summary>What an agent of a single host does with fleets.</summary>
public static class SingleHost
{
    public static async Task LiveAsync()
    {
        var board = new FleetBoard();
        await using var keeper = new FleetKeeper(board, TimeProvider.System);
        using var system = ActorSystem.Create("own", ActorsConfig.Default);
        _ = board.Current.Words;
        await keeper.LeaveAsync(CancellationToken.None);
        await system.Terminate();
    }

    public static Task TouchFleetAsync()
    {
        _ = typeof(Akka.Cluster.Cluster).FullName;
        return Task.CompletedTask;
    }
}

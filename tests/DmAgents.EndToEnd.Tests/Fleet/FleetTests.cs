using System.Text.Json;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Fleet;

/// <summary>A fleet of real agents, each at an address of loopback, by the command line alone.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class FleetTests(AgentFixture fixture) : IAsyncLifetime
{
    /// <summary>The guest's only processor is shared by four agents: one may not run for seconds.</summary>
    private const string Times = "fleet { acceptable-pause = 10s, stable-after = 15s, join-patience = 2m }";

    private readonly List<Host> _hosts = [];

    public async Task InitializeAsync() => await Shell.Must("/sbin/ip", "link", "set", "lo", "up");

    public Task DisposeAsync()
    {
        foreach (var host in _hosts)
            host.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Hosts_make_a_fleet_lose_one_by_a_kill_and_one_by_a_revocation()
    {
        var (web1, web2, web3) = (await Start(1), await Start(2), await Start(3));
        MustPayNothing(web1);
        Assert.Equal("this host is in no fleet", (await web1.Must("status")).Split('\n')[0]);

        var made = await web1.Must("init", "prod", "--host", "web1", "--address", web1.Address);
        Assert.Contains("fleet prod has its first host, web1 at 127.0.0.11:9471", made, StringComparison.Ordinal);
        Assert.Contains("Akka.Cluster.dll", web1.Loaded, StringComparison.Ordinal);
        var joined = await Join(web1, web2);
        Assert.Contains("trusts this one", joined, StringComparison.Ordinal);
        Assert.Contains("web2 is a member of fleet prod, with 1 other host", joined, StringComparison.Ordinal);
        await Join(web1, web3);
        foreach (var host in _hosts)
            await host.Sees("web1 up", "web2 up", "web3 up");

        // One leaves, and comes again.
        Assert.Equal("web3 left fleet prod\n", await web3.Must("leave"));
        await web1.Sees("web1 up", "web2 up");
        await Join(web1, web3);
        await web2.Sees("web1 up", "web2 up", "web3 up");

        // One dies, is out of the fleet, and comes back by itself.
        await web2.Process.Kill();
        await web1.Sees("web1 up", "web2 unreachable", "web3 up");
        await web1.Sees("web1 up", "web2 away", "web3 up");
        await web2.Process.Restart(web2.Client);
        await web1.Sees("web1 up", "web2 up", "web3 up");

        await MustRefuse(web1, web2, web3);
        await web1.Must("revoke", "web3");
        await web1.Sees("web1 up", "web2 up");
        await web2.Sees("web1 up", "web2 up");
        await Patience.Until(
            async () => (await web3.Status()).GetProperty("standing").GetString() == "revoked", "web3 knows it");
        var again = await web3.Run("join", web1.Address, "--token", await Token(web1), "--host", "web3");
        Assert.Equal(4, again.Status);
        Assert.Contains("web3 was revoked at", again.Errors, StringComparison.Ordinal);

        foreach (var host in Enumerable.Reverse(_hosts))
            Assert.Equal(0, await host.Process.Terminate());
    }

    /// <summary>Each by its exit code and its words.</summary>
    private static async Task MustRefuse(Host issuer, Host member, Host other)
    {
        var used = await Token(issuer);
        Assert.Equal(4, (await member.Run("join", other.Address, "--token", used)).Status);
        var elsewhere = await other.Run("init", "second", "--host", "web3");
        Assert.Equal(4, elsewhere.Status);
        Assert.Contains("is member web3 of fleet prod", elsewhere.Errors, StringComparison.Ordinal);
        var mistyped = await other.Run("join", issuer.Address, "--token", used[..^1]);
        Assert.Equal(2, mistyped.Status);
        Assert.Contains("it was cut", mistyped.Errors, StringComparison.Ordinal);
        var notHere = await member.Run("token", "--json");
        Assert.Equal(4, notHere.Status);
        using var problem = JsonDocument.Parse(notHere.Errors);
        Assert.Contains(
            "run it there", problem.RootElement.GetProperty("error").GetProperty("next").GetString(),
            StringComparison.Ordinal);
        Assert.Equal(3, (await issuer.Run("revoke", "web9")).Status);
    }

    /// <summary>Neither remoting nor cluster is loaded, and no port is listened at.</summary>
    private static void MustPayNothing(Host host)
    {
        Assert.Contains("Akka.dll", host.Loaded, StringComparison.Ordinal);
        string[] ofFleets = ["Akka.Remote", "Akka.Cluster", "Akka.DistributedData", "DotNetty", "LightningDB"];
        foreach (var assembly in ofFleets)
            Assert.DoesNotContain(assembly, host.Loaded, StringComparison.Ordinal);
        Assert.Empty(host.Process.TcpSockets);
    }

    private static async Task<string> Token(Host issuer) => (await issuer.Must("token", "--quiet")).Trim();

    private static async Task<string> Join(Host issuer, Host host) => await host.Must(
        "join", issuer.Address, "--token", await Token(issuer), "--host", host.Name, "--address", host.Address);

    private async Task<Host> Start(int number)
    {
        var places = fixture.Places with { Name = $"web{number}" };
        places.WriteConfig(more: Times);
        Directory.CreateDirectory(places.StateDirectory);
        var host = new Host(places, $"127.0.0.1{number}:9471");
        host.Process = await AgentProcess.Start(places, host.Client);
        _hosts.Add(host);
        return host;
    }

    private sealed class Host(AgentPlaces places, string address) : IDisposable
    {
        public string Name => places.Name;

        public string Address => address;

        public AgentClient Client { get; } = new(places.Socket);

        public AgentProcess Process { get; set; } = null!;

        /// <summary>The files that its process has mapped.</summary>
        public string Loaded => File.ReadAllText($"/proc/{Process.Id}/maps");

        public Task<Finished> Run(params string[] arguments) =>
            Shell.Run(Places.Cli, ["fleet", .. arguments, "--socket", places.Socket, "--timeout", "4m"]);

        public async Task<string> Must(params string[] arguments)
        {
            var finished = await Run(arguments);
            Assert.True(finished.Status == 0, $"{Name}: {string.Join(' ', arguments)}: {finished}\n{Process.Log}");
            return finished.Output;
        }

        public async Task<JsonElement> Status()
        {
            using var document = JsonDocument.Parse(await Must("status", "--json"));
            return document.RootElement.Clone();
        }

        /// <summary>The hosts with their states, by name.</summary>
        public async Task Sees(params string[] hosts)
        {
            string[] seen = [];
            await Patience.Until(
                async () =>
                {
                    seen = [.. (await Status()).GetProperty("hosts").EnumerateArray().Select(Words).Order()];
                    return seen.SequenceEqual(hosts);
                },
                () => $"{Name} sees {string.Join(", ", hosts)}, but {string.Join(", ", seen)}: {Process.Log}");
        }

        public void Dispose()
        {
            Process?.Dispose();
            Client.Dispose();
        }

        private static string Words(JsonElement host)
        {
            var isReached = host.GetProperty("unreachable_since").ValueKind == JsonValueKind.Null;
            var state = isReached ? host.GetProperty("state").GetString() : "unreachable";
            return $"{host.GetProperty("host").GetString()} {state}";
        }
    }
}

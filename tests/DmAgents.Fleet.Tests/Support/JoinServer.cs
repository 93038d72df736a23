using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Joining;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>Takes connections on loopback and has each served.</summary>
internal sealed class JoinServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;

    public JoinServer(Func<Stream, CancellationToken, Task> serve)
    {
        _listener.Start();
        _accepting = AcceptAsync(serve);
    }

    public MemberAddress Address => Samples.Address($"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>How exchanges ended on the issuer's side.</summary>
    public BlockingCollection<JoinRefusal?> Ends { get; } = [];

    /// <summary>The join service of a fleet, with two members.</summary>
    /// <param name="through">What the service's end of each connection passes through.</param>
    public static JoinServer Of(TestFleet fleet, JoinLimits? limits = null, Func<Stream, Stream>? through = null)
    {
        JoinServer? server = null;
        ImmutableArray<MemberAddress> members = [Samples.Address("first:2552"), Samples.Address("second:2552")];
        var service = new JoinService(
            fleet.Authority, () => fleet.Founded.Member.Certificate, () => members, fleet.Time,
            limits ?? new JoinLimits(Loopback.Patience, AtOnce: 16), end => server!.Ends.Add(end));
        return server = new JoinServer((stream, cancellation) =>
            service.ServeAsync(through is null ? stream : through(stream), cancellation));
    }

    public static async Task<Stream> ConnectAsync(MemberAddress address, CancellationToken cancellation)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancellation);
        return client.GetStream();
    }

    public JoinRefusal? NextEnd()
    {
        Assert.True(Ends.TryTake(out var end, Loopback.Patience));
        return end;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _end.Dispose();
        Ends.Dispose();
    }

    private async Task AcceptAsync(Func<Stream, CancellationToken, Task> serve)
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                serving.Add(Task.Run(async () =>
                {
                    // Held until it is served: the collector closes a connection to which nothing refers.
                    using (client)
                        await serve(client.GetStream(), _end.Token);
                }));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}

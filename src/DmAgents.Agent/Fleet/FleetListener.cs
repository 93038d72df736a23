using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>Accepts connections at one of a member's ports and serves each.</summary>
internal sealed class FleetListener(AgentSettings settings, TimeProvider time, ILogger<FleetListener> log)
{
    /// <summary>Retry interval if the port is in use, or the address does not exist at present.</summary>
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(5);

    /// <summary>Pause after a failed accept: the process may have no descriptor left.</summary>
    private static readonly TimeSpan _acceptRetry = TimeSpan.FromSeconds(1);

    /// <summary>Concurrent connections; more wait in the kernel's queue.</summary>
    private const int AtOnce = 256;

    private readonly RefusalLog _faults = new(time);

    /// <summary>Accepts the next connection.</summary>
    internal Func<TcpListener, CancellationToken, ValueTask<TcpClient>> Accept { get; init; } =
        static (listener, end) => listener.AcceptTcpClientAsync(end);

    /// <summary>Runs until it is cancelled, and returns when the last connection is served.</summary>
    /// <param name="address">The host's address, with the port.</param>
    /// <param name="what">For the log: the service at this port.</param>
    /// <param name="serve">Serves a connection, which is closed afterwards.</param>
    public async Task RunAsync(
        MemberAddress address, string what, Func<Stream, CancellationToken, Task> serve, CancellationToken end)
    {
        var wasRefused = false;
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var listener = await BindAsync(address, end).ConfigureAwait(false);
                log.PortOpened(listener.LocalEndpoint, what);
                wasRefused = false;
                await AcceptAsync(listener, what, serve, end).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException refused)
            {
                if (!wasRefused)
                    log.PortNotOpened(address, what, refused.Message);
                wasRefused = true;
                await Task.Delay(_retry, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>The endpoint to listen on. Throws if its name is unknown.</summary>
    public async Task<IPEndPoint> EndPointOf(MemberAddress address, CancellationToken cancellation)
    {
        if (settings.Fleet.Listen is { } listen)
            return new IPEndPoint(listen, address.Port);
        if (IPAddress.TryParse(address.Host, out var ip))
            return new IPEndPoint(ip, address.Port);
        var found = await Dns.GetHostAddressesAsync(address.Host, cancellation).ConfigureAwait(false);
        var chosen = found.FirstOrDefault(each => each.AddressFamily == AddressFamily.InterNetwork) ?? found[0];
        return new IPEndPoint(chosen, address.Port);
    }

    private async Task<TcpListener> BindAsync(MemberAddress address, CancellationToken cancellation)
    {
        var listener = new TcpListener(await EndPointOf(address, cancellation).ConfigureAwait(false));
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(
        TcpListener listener, string what, Func<Stream, CancellationToken, Task> serve, CancellationToken end)
    {
        using var room = new SemaphoreSlim(AtOnce);
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                await room.WaitAsync(end).ConfigureAwait(false);
                serving.RemoveAll(task => task.IsCompleted);
                if (await NextAsync(listener, what, end).ConfigureAwait(false) is { } client)
                    serving.Add(ServeAsync(client, room, what, serve, end));
                else
                    room.Release();
            }
        }
        finally
        {
            listener.Stop();
            await Task.WhenAll(serving).ConfigureAwait(false);
        }
    }

    /// <summary>Null if the accept failed: current connections continue, and the next accept follows after a
    /// pause.</summary>
    private async Task<TcpClient?> NextAsync(TcpListener listener, string what, CancellationToken end)
    {
        try
        {
            return await Accept(listener, end).ConfigureAwait(false);
        }
        catch (SocketException fault)
        {
            if (_faults.Add(fault.Message))
                log.ConnectionNotTaken(what, fault.Message);
            await Task.Delay(_acceptRetry, time, end).ConfigureAwait(false);
            return null;
        }
    }

    private async Task ServeAsync(
        TcpClient client, SemaphoreSlim room, string what, Func<Stream, CancellationToken, Task> serve,
        CancellationToken end)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                await Task.Run(() => serve(client.GetStream(), end), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
        catch (Exception cause) when (cause is IOException or AuthenticationException or OperationCanceledException)
        {
            log.ConnectionEnded(what, cause.Message);
        }
        // The failure of one connection does not end the others.
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            if (_faults.Add($"{what}: {cause.GetType()}: {cause.Message}"))
                log.ConnectionFault(cause, what);
        }
        finally
        {
            room.Release();
        }
    }
}

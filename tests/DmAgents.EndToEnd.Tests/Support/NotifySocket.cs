using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Stands where systemd listens: what a service reports of itself (sd_notify(3)), and when.</summary>
internal sealed class NotifySocket : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<(TimeSpan At, string Text)> _heard = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task _listening;

    public NotifySocket(string path)
    {
        File.Delete(path);
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _listening = Task.Run(Listen);
    }

    public string Path { get; }

    public IReadOnlyList<(TimeSpan At, string Text)> Heard => [.. _heard];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _listening;
        _socket.Dispose();
        _end.Dispose();
        File.Delete(Path);
    }

    private async Task Listen()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var count = await _socket.ReceiveAsync(buffer, _end.Token);
                _heard.Enqueue((_clock.Elapsed, Encoding.UTF8.GetString(buffer, 0, count)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test has heard enough.
        }
    }
}

using System.Diagnostics;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Writes to a file in a container without a pause worth mentioning, each block durably, and remembers any
/// error: what happens to the agent must not reach it.</summary>
internal sealed class Writer : IAsyncDisposable
{
    private const int BlockSize = 16 * 1024;
    private const int Blocks = 256;

    private readonly CancellationTokenSource _end = new();
    private readonly string _path;
    private readonly Task _writing;
    private long _written;

    public Writer(string directory)
    {
        _path = $"{directory}/written";
        _writing = Task.Run(Write);
    }

    public long Written => Interlocked.Read(ref _written);

    /// <summary>Waits until it has written so many blocks more.</summary>
    public async Task Advance(int blocks)
    {
        var clock = Stopwatch.StartNew();
        for (var target = Written + blocks; Written < target;)
        {
            if (_writing.IsCompleted)
                await _writing;
            Assert.True(clock.Elapsed < Patience.Limit, $"the writer stands still at {Written}");
            await Task.Delay(5);
        }
    }

    /// <summary>Ends it, and fails if it met an error or the file is not what it wrote.</summary>
    public async Task MustBeUnharmed()
    {
        await _end.CancelAsync();
        await _writing;
        var content = await File.ReadAllBytesAsync(_path);
        var last = Written - 1;
        for (var block = 0; block < Math.Min(Written, Blocks); block++)
        {
            // The newest round number of this place.
            var number = last - ((last - block) % Blocks);
            Assert.Equal(Pattern(number), content.AsSpan(block * BlockSize, BlockSize));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _writing.ContinueWith(_ => { }, TaskScheduler.Default);
        _end.Dispose();
    }

    private async Task Write()
    {
        await using var file = new FileStream(_path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        while (!_end.IsCancellationRequested)
        {
            file.Position = _written % Blocks * BlockSize;
            file.Write(Pattern(_written));
            file.Flush(flushToDisk: true);
            Interlocked.Increment(ref _written);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static byte[] Pattern(long number)
    {
        var block = new byte[BlockSize];
        new Random((int)number).NextBytes(block);
        return block;
    }
}

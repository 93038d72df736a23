using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Bench.Transfers;

/// <summary>What a layer's transfer takes of a processor, part by part: each alone, over the same bytes. Counts
/// processor time, so that it holds beside other work.</summary>
internal static class TransferProgram
{
    private const string Help = """
        usage: DmAgents.Bench transfers --data DIRECTORY [--mib N] [--rounds N]

        Takes the bytes of the directory's files, as an image would have them. Touches no device.
        """;

    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var (directory, mib, rounds) = ("", 128, 5);
        for (var i = 0; i + 1 < arguments.Count; i += 2)
        {
            switch (arguments[i])
            {
                case "--data":
                    directory = arguments[i + 1];
                    break;
                case "--mib" when int.TryParse(arguments[i + 1], out mib):
                case "--rounds" when int.TryParse(arguments[i + 1], out rounds):
                    break;
            }
        }
        if (!Directory.Exists(directory) || mib < 1 || rounds < 1)
        {
            await Console.Error.WriteLineAsync(Help).ConfigureAwait(false);
            return 2;
        }
        var pieces = Read(directory, mib);
        if (pieces.Count == 0)
        {
            await Console.Error.WriteLineAsync($"{directory} has less than 1 MiB of files").ConfigureAwait(false);
            return 1;
        }
        var wire = await WriteAsync(pieces).ConfigureAwait(false);
        Console.WriteLine(
            $"{pieces.Count} MiB of {directory}, {wire.Length >> 20} MiB on the wire; milliseconds of a processor for 100 MiB, "
            + $"medians of {rounds}");
        Print("content digest (BLAKE3), each time", await MeasureAsync(rounds, pieces.Count, () =>
        {
            foreach (var piece in pieces)
                PieceHash.Of(piece, PieceSize.Default);
            return Task.CompletedTask;
        }).ConfigureAwait(false));
        Print("records written (zstd, XXH128)", await MeasureAsync(
            rounds, pieces.Count, () => WriteAsync(pieces)).ConfigureAwait(false));
        Print("records read (zstd, XXH128)", await MeasureAsync(
            rounds, pieces.Count, () => ReadAsync(wire)).ConfigureAwait(false));
        using var link = await Link.MakeAsync().ConfigureAwait(false);
        Print("TLS on loopback, both sides", await MeasureAsync(
            rounds, pieces.Count, () => link.CarryAsync(wire)).ConfigureAwait(false));
        return 0;
    }

    private static void Print(string part, double milliseconds) => Console.WriteLine($"{part,-40} {milliseconds,8:F1}");

    /// <summary>The first round compiles and does not count.</summary>
    private static async Task<double> MeasureAsync(int rounds, int mib, Func<Task> part)
    {
        await part().ConfigureAwait(false);
        var times = new List<double>();
        using var process = Process.GetCurrentProcess();
        for (var round = 0; round < rounds; round++)
        {
            process.Refresh();
            var before = process.TotalProcessorTime;
            await part().ConfigureAwait(false);
            process.Refresh();
            times.Add((process.TotalProcessorTime - before).TotalMilliseconds);
        }
        times.Sort();
        return times[times.Count / 2] * 100 / mib;
    }

    private static List<byte[]> Read(string directory, int mib)
    {
        var pieces = new List<byte[]>();
        var (piece, filled) = (new byte[PieceSize.Default.Bytes], 0);
        foreach (var path in Directory.EnumerateFiles(directory, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint,
        }).Order(StringComparer.Ordinal))
        {
            using var file = File.OpenRead(path);
            for (int read; (read = file.Read(piece, filled, piece.Length - filled)) > 0;)
            {
                filled += read;
                if (filled < piece.Length)
                    continue;
                pieces.Add(piece);
                if (pieces.Count == mib)
                    return pieces;
                (piece, filled) = (new byte[piece.Length], 0);
            }
        }
        return pieces;
    }

    private static async Task<byte[]> WriteAsync(List<byte[]> pieces)
    {
        using var stream = new MemoryStream(pieces.Count << 20);
        using var writer = new RecordWriter(stream);
        for (var i = 0; i < pieces.Count; i++)
        {
            for (var at = 0; at < pieces[i].Length; at += WireLimits.Chunk)
            {
                await writer.WriteAsync(
                    new TransferRecords.Data(
                        ByteSize.MiB((ulong)i) + new ByteSize((ulong)at), pieces[i].AsMemory(at, WireLimits.Chunk)),
                    CancellationToken.None).ConfigureAwait(false);
            }
        }
        return stream.ToArray();
    }

    private static async Task ReadAsync(byte[] wire)
    {
        using var reader = new RecordReader(new MemoryStream(wire), WireSide.Sender);
        while (await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) is not null)
        {
        }
    }

    /// <summary>Two ends of a TLS stream.</summary>
    private sealed class Link(SslStream from, SslStream to) : IDisposable
    {
        public static async Task<Link> MakeAsync()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
            var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint).ConfigureAwait(false);
            var server = await listener.AcceptTcpClientAsync().ConfigureAwait(false);
            var (from, to) = (new SslStream(server.GetStream()), new SslStream(client.GetStream()));
            await Task.WhenAll(
                from.AuthenticateAsServerAsync(certificate, false, SslProtocols.Tls13, false),
                to.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = "bench",
                    RemoteCertificateValidationCallback = (_, shown, _, _) =>
                        shown?.GetCertHashString() == certificate.GetCertHashString(),
                })).ConfigureAwait(false);
            return new Link(from, to);
        }

        public async Task CarryAsync(byte[] bytes)
        {
            var sending = from.WriteAsync(bytes).AsTask();
            await to.ReadExactlyAsync(new byte[bytes.Length]).ConfigureAwait(false);
            await sending.ConfigureAwait(false);
        }

        public void Dispose()
        {
            from.Dispose();
            to.Dispose();
        }
    }
}

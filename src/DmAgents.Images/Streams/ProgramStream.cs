using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text;

namespace DmAgents.Images.Streams;

/// <summary>
/// What a program of the system makes of a stream: it is fed on a thread of its own and read as it goes. The end is met
/// only if the program succeeded; it ends with this stream, or with the agent, whose end of the pipe it reads from.
/// </summary>
internal sealed class ProgramStream : ReadOnlyStream
{
    // What a pipe holds.
    private const int ChunkSize = 64 * 1024;

    // Of what the program complains about; the rest repeats.
    private const int MaxComplaint = 1024;

    private readonly Stream source;
    private readonly ProgramFailure failed;
    private readonly Process process;
    private readonly Thread feeder;
    private readonly StringBuilder complaint = new();
    private ExceptionDispatchInfo? sourceFailure;
    private bool ended;

    /// <param name="source">Is owned, and read on another thread until the end or the disposal of this stream.</param>
    /// <param name="program">With its arguments: filters standard input to standard output.</param>
    /// <param name="failed">What is thrown if the program cannot be started or does not succeed.</param>
    public ProgramStream(Stream source, IReadOnlyList<string> program, ProgramFailure failed)
    {
        (this.source, this.failed) = (source, failed);
        process = new Process
        {
            StartInfo = new ProcessStartInfo(program[0], program.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                // Its complaints are read by their words.
                Environment = { ["LC_ALL"] = "C" },
            },
        };
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception missing)
        {
            process.Dispose();
            throw failed(null, missing.Message);
        }
        process.BeginErrorReadLine();
        feeder = new Thread(Feed) { IsBackground = true, Name = "feeds " + program[0] };
        feeder.Start();
    }

    /// <summary>Makes of a failure what the operator is told.</summary>
    /// <param name="exitStatus">Null if the program could not be started.</param>
    /// <param name="complaint">What it said.</param>
    internal delegate ImageException ProgramFailure(int? exitStatus, string complaint);

    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.IsEmpty)
            return 0;
        var count = process.StandardOutput.BaseStream.Read(buffer);
        if (count == 0)
            End();
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!process.HasExited)
                process.Kill();
            // Writing to a program that is gone fails, so that the thread ends with the read that it is in.
            feeder.Join();
            process.Dispose();
            source.Dispose();
        }
        base.Dispose(disposing);
    }

    private void End()
    {
        // Waits for its last complaint, too.
        process.WaitForExit();
        feeder.Join();
        sourceFailure?.Throw();
        if (process.ExitCode != 0)
            throw failed(process.ExitCode, complaint.ToString().Trim());
        ended = true;
    }

    private void Feed()
    {
        try
        {
            var buffer = new byte[ChunkSize];
            using var input = process.StandardInput.BaseStream;
            for (int count; (count = Take(buffer)) > 0;)
                input.Write(buffer.AsSpan(0, count));
        }
        catch (IOException)
        {
            // It ended before its input did: its exit status says whether that is right.
        }
    }

    /// <summary>An exception of any kind must reach the reader: on this thread it would end the process.</summary>
    private int Take(byte[] buffer)
    {
        try
        {
            return source.Read(buffer);
        }
        catch (Exception failure)
        {
            sourceFailure = ExceptionDispatchInfo.Capture(failure);
            return 0;
        }
    }

    private void Note(string? line)
    {
        if (line is not null && complaint.Length < MaxComplaint)
            complaint.Append(line).Append(' ');
    }
}

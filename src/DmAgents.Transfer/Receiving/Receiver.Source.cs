using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>Which source there is, and what it is asked for.</summary>
public sealed partial class Receiver
{
    private SourceTalk? _talk;

    /// <summary>Pieces that were not what they had to be when their parts were put over the base's. The base or the
    /// difference is not what it is taken for; a whole piece depends upon neither.</summary>
    private PieceSet _failedInPart = PieceSet.Empty;

    private void BeginTalk(int connection)
    {
        if (!NeedsSource)
        {
            _outputs.Add(new ReceiverOutput.Disconnect(connection, null));
            return;
        }
        _talk = new SourceTalk(connection, _request, _settings, _plan, _now);
        Send(_talk.Begin());
    }

    private void TakeRecord(SourceTalk talk, TransferRecord record)
    {
        var fault = talk.Take(record, _now, Begin, out var ended);
        if (fault is null && ended is not null)
            fault = TakePiece(ended, talk.AskedWhole);
        if (fault is not null)
            Disconnect($"the source is of no use: {fault}");
    }

    /// <summary>Asks for what is missing, if nothing is being answered.</summary>
    private void AskOrWait()
    {
        if (_talk is not { IsIdle: true } talk)
            return;
        if (talk.AskAgainAt is { } time && time > _now)
        {
            _outputs.Add(new ReceiverOutput.WakeAt(time));
            return;
        }
        var missing = _changed.Without(_written).Without(_zeros).Without(PieceSet.Of(_inMemory.Keys));
        if (missing.IsEmpty)
            return;
        var inPart = missing.Intersect(_failedInPart);
        Send(talk.Ask(!talk.HasBase || !inPart.IsEmpty, Choose(inPart.IsEmpty ? missing : inPart)));
    }

    /// <summary>From the first piece of this receiver on, and then from the start.</summary>
    private List<PieceRange> Choose(PieceSet missing)
    {
        var before = PieceSet.Empty.Add(new PieceRange(0, _settings.FirstPiece));
        var (ranges, room) = (new List<PieceRange>(), (ulong)_settings.AskAtOnce);
        foreach (var range in missing.Without(before).Ranges.Concat(missing.Intersect(before).Ranges))
        {
            if (room == 0 || ranges.Count == WireLimits.Ranges)
                break;
            var taken = Math.Min(range.Count, room);
            ranges.Add(range with { Count = taken });
            room -= taken;
        }
        return ranges;
    }

    private PieceReception Begin(ulong piece) => new(piece, RangeOf(piece), Buffer());

    private void Send(TransferRecord record) => _outputs.Add(new ReceiverOutput.Send(_talk!.Connection, record));

    private void Disconnect(string? fault)
    {
        if (_talk is not null)
            _outputs.Add(new ReceiverOutput.Disconnect(_talk.Connection, fault));
        EndTalk();
    }

    private void EndTalk()
    {
        if (_talk?.Current is { } current)
            Free(current.Buffer);
        _talk = null;
    }

    private ByteRange RangeOf(ulong piece) => _settings.PieceSize.RangeOf(piece, _plan!.Shape.DeviceSize);
}

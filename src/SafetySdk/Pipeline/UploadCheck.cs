namespace SafetySdk.Pipeline;

/// <summary>Second stage: what the user uploaded. Known content, who and what is shown, explicit content.</summary>
internal sealed class UploadCheck(ImageExamination examination)
{
    public StageResult Check(
        SafetyRequest request, out IReadOnlyList<ExaminedImage> uploads, CancellationToken cancellationToken)
    {
        uploads = examination.Examine(request.Images, "image", cancellationToken);
        return uploads.Count == 0 ? StageResult.NothingToCheck : StageResult.Of(uploads);
    }
}

"""The spec pipeline: from the page that a gateway publishes to the client in ``generated/``.

    each page ──read──> repaired text ──load──> nodes ──facts──> openapi/upstream/NAME.yaml
    openapi/overlays/NAME.yaml ──apply, merge──> openapi/kling.yaml ──codegen──> generated/

A folder for each stretch of the way: ``page`` (text to facts), ``contract`` (facts and overlay to
one document), ``client`` (document to generated tree), ``verdict`` (what changed, and for whom). A
folder knows nothing of the later ones. The commands beside this package (``import_page.py``,
``regenerate.py``, ``spec_changes.py``, ``spec.py``) are thin.
"""
